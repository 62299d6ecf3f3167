"""A shop's registry module and collector, independent of Victor."""

from __future__ import annotations

from types import ModuleType
from typing import Any

from tests.renderers.registry_module import module_of, of_components
from victor_monitoring.runtime.collector import Collector

TOOL = {"open": True, "limit": 3}
COMPONENTS: dict[str, Any] = {
    "till": {
        "endpoint": "front",
        "metrics": {
            "shop_sales_total": {
                "type": "counter", "help": "Sales.", "labels": {"clerk": TOOL, "outcome": ["paid", "void"]}
            },
            "shop_wait_seconds": {
                "type": "histogram", "help": "Wait.", "unit": "seconds", "buckets": ["0.1s", "1s", "1m"],
                "labels": {"lane": ["quick", "slow"]},
            },
            "shop_open": {"type": "gauge", "help": "Open tills.", "merge": "livesum"},
        },
    },
    "shelf": {
        "endpoint": "front",
        "metrics": {
            "shop_fill": {
                "type": "gauge", "help": "Fill.", "merge": "max", "labels": {"shelf": ["top", "low"]}
            },
            "shop_weight_grams": {"type": "gauge", "help": "Weight.", "merge": "max"},
        },
    },
    "door": {"metrics": {"shop_visits_total": {"type": "counter", "help": "Visits."}}},
}  # fmt: skip


def shop_module() -> ModuleType:
    """Return the shop's registry module."""
    return module_of(of_components(COMPONENTS))


def shop_collector(**options: Any) -> Collector[Any]:
    """Return a collector of the shop."""
    return Collector(shop_module(), **{"deadline": 30.0, **options})
