"""A shop with routes, signals and alerts, and a clock that tests set."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from fastapi import FastAPI

from tests.renderers.registry_module import module_of, of_components
from tests.runtime.shop import COMPONENTS
from victor_monitoring.language.resolved.spec import Resolved
from victor_monitoring.runtime.collector import Collector
from victor_monitoring.runtime.evaluator import Evaluator
from victor_monitoring.runtime.rest import register_routes

SIGNALS: dict[str, Any] = {
    "void_ratio": {"title": "Voided sales", "unit": "ratio", "ratio": {
        "of": 'shop_sales_total{outcome="void"}', "over": "shop_sales_total",
    }},
    "open": {"title": "Open tills", "unit": "count", "value": {"of": "shop_open", "agg": "sum"}},
    "fill": {"title": "Fill", "unit": "ratio", "by": ["instance", "shelf"], "value": {
        "of": "shop_fill", "agg": "max",
    }},
    "visits": {"title": "Visits", "unit": "per_second", "rate": {"of": "shop_visits_total"}},
    "well": {"title": "Well-being", "unit": "score", "score": [
        {"signal": "void_ratio", "weight": 60, "worst": "100%", "best": "0%"},
        {"signal": "open", "weight": 30, "worst": "0", "best": "4"},
        {"signal": "visits", "weight": 10, "worst": "100/s", "best": "0/s"},
    ]},
}  # fmt: skip
ALERTS: dict[str, Any] = {"shop": {
    "ManyVoid": {
        "signal": "void_ratio", "when": "> 10%", "for": "1m", "severity": "warning", "summary": "{value}",
    },
    "MostVoid": {
        "signal": "void_ratio", "when": "> 50%", "for": "5m", "severity": "critical", "summary": "{value}",
    },
    "NoneOpen": {"signal": "open", "when": "< 1", "for": "1m", "severity": "critical", "summary": "closed"},
}}  # fmt: skip


def judged_spec() -> Resolved:
    """Return the shop's spec, with signals and alerts."""
    return of_components(COMPONENTS, signals=SIGNALS, alerts=ALERTS)


@dataclass
class Shop:
    """The shop, its collector and evaluator, and the application with its routes."""

    collector: Collector[Any]
    evaluator: Evaluator
    app: FastAPI = field(default_factory=FastAPI)
    now: float = 1_000_000.0

    def work(self, seconds: int, *, void: float) -> None:
        """Work for `seconds` with this share of void sales; sample every 15 s, evaluate every 30 s."""
        sales = self.collector.metrics.till.sales_total
        for second in range(seconds):
            if second % 15 == 0:
                self.evaluator.sample()
            if second % 30 == 0:
                self.evaluator.step()
            self.now += 1
            sales(clerk="Ann", outcome="paid").inc(1 - void)
            sales(clerk="Ann", outcome="void").inc(void)


@contextmanager
def shop_app(*, app: FastAPI | None = None, **options: Any) -> Iterator[Shop]:
    """Yield a shop that stops sampling at the end of the context; `options` are those of the routes."""
    module = module_of(judged_spec())
    collector: Collector[Any] = Collector(module, deadline=30, instance="corner")
    evaluator = Evaluator(module, collector.collect, instance="corner", clock=lambda: shop.now)
    shop = Shop(collector, evaluator, app or FastAPI())
    register_routes(shop.app, collector, evaluator, **options)
    try:
        yield shop
    finally:
        evaluator.stop()
