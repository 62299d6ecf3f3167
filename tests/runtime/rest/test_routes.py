"""A service's sections over HTTP."""

from __future__ import annotations

import asyncio
import math
import threading
import time
from collections.abc import Iterable
from functools import partial
from typing import Any

import pytest
from fastapi import FastAPI
from prometheus_client import Metric
from prometheus_client.registry import Collector as ForeignCollector

from tests.renderers.registry_module import module_of, of_components
from tests.runtime.patience import LONG, SHORT
from tests.runtime.rest.client import ask, get, session
from tests.runtime.rest.shop import shop_app
from tests.runtime.shop import COMPONENTS, shop_collector
from victor_monitoring.checks.hidden_endpoint import FIXED
from victor_monitoring.runtime.collector import Collector
from victor_monitoring.runtime.reads import InvalidReading
from victor_monitoring.runtime.rest import register_routes
from victor_monitoring.runtime.rest.models import Models

SECRET = "/etc/shop/secret"  # noqa: S105 - a text that no response may contain


def app_of(collector: Collector[Any], **options: Any) -> FastAPI:
    """Return an application with the collector's routes, without signals."""
    app = FastAPI()
    register_routes(app, collector, **options)
    return app


def test_a_section_has_every_metric_of_its_component() -> None:
    """A section has series with labels and values, histograms with buckets, empty lists without data."""
    collector = shop_collector(instance="corner")
    till = collector.metrics.till
    till.sales_total(clerk="Ann", outcome="paid").inc(2)
    till.wait_seconds(lane="quick").observe(0.5)
    answer = ask(app_of(collector), "/api/shop/front")
    assert (answer["service"], answer["instance"]) == ("shop", "corner")
    assert abs(answer["time"] - time.time()) < LONG
    assert answer["sections"] == {
        "till": {
            "fault": None,
            "metrics": {
                "sales_total": [
                    {"labels": {"clerk": "Ann", "outcome": "paid"}, "value": 2.0},
                    {"labels": {"clerk": "Ann", "outcome": "void"}, "value": 0.0},
                ],
                "wait_seconds": [
                    {
                        "labels": {"lane": "quick"}, "count": 1.0, "sum": 0.5,
                        "buckets": {"0.1": 0.0, "1.0": 1.0, "60.0": 1.0, "+Inf": 1.0},
                    },
                    {
                        "labels": {"lane": "slow"}, "count": 0.0, "sum": 0.0,
                        "buckets": {"0.1": 0.0, "1.0": 0.0, "60.0": 0.0, "+Inf": 0.0},
                    },
                ],
                "open": [],
            },
        },
        "shelf": {"fault": None, "metrics": {"fill": [], "weight_grams": []}},
    }  # fmt: skip


def test_an_endpoint_shows_its_components_and_reads_no_others() -> None:
    """An endpoint shows all of its components and reads no others; the summary shows every component."""
    collector = shop_collector()
    asked: list[str] = []
    for component in ("till", "shelf", "door"):
        collector.register(component, partial(asked.append, component))
    app = app_of(collector)
    for path, components in (("front", {"till", "shelf"}), ("door", {"door"}), ("summary", set(COMPONENTS))):
        asked.clear()
        assert set(ask(app, f"/api/shop/{path}")["sections"]) == components == set(asked)


def test_a_component_that_cannot_be_read_affects_its_section_alone() -> None:
    """The response is 200, names the fault in a word without details, and has the other sections."""
    collector = shop_collector(deadline=SHORT)
    release = threading.Event()

    def fail() -> None:
        raise RuntimeError(SECRET)

    def lie() -> None:
        raise InvalidReading(SECRET)

    collector.register("till", fail)
    collector.register("shelf", lie)
    collector.register("door", lambda: release.wait(LONG))
    app = app_of(collector)
    answers = [get(app, "/api/shop/summary") for _ in range(2)]
    release.set()
    for answer in answers:
        assert answer.status_code == 200
        sections = answer.json()["sections"]
        assert {name: section["fault"] for name, section in sections.items()} == {
            "till": "failed",
            "shelf": "nonsense",
            "door": "timed out",
        }
        assert sections["door"]["metrics"]["visits_total"] == [{"labels": {}, "value": 0.0}]
        assert SECRET not in answer.text


@pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf])
def test_a_number_that_json_does_not_know_is_null(value: float) -> None:
    """A gauge set to NaN or an infinity is null, as documented."""
    collector = shop_collector()
    collector.metrics.shelf.weight_grams.set(value)
    app = app_of(collector)
    answer = ask(app, "/api/shop/front")
    assert answer["sections"]["shelf"]["metrics"]["weight_grams"] == [{"labels": {}, "value": None}]
    Models.of(collector.module, signals=False).endpoints["front"].model_validate(answer)


class _Broken(ForeignCollector):
    """Another collector on the registry, which fails."""

    def collect(self) -> Iterable[Metric]:
        raise RuntimeError(SECRET)


def test_a_failure_is_described_in_the_log_alone(caplog: pytest.LogCaptureFixture) -> None:
    """A failure of another collector gives 500 without details, in debug mode, too."""
    with shop_app(app=FastAPI(debug=True)) as shop:
        shop.collector.registry._collector_to_names[_Broken()] = []  # noqa: SLF001 - `register` would collect it first
        answer = get(shop.app, "/metrics")
        assert (answer.status_code, answer.headers["content-type"]) == (500, "application/json")
        assert answer.json() == {"detail": "the request failed; the service's log has the reason"}
        assert SECRET in caplog.text
        assert get(shop.app, "/api/shop/summary").status_code == 200


def test_reading_does_not_block_the_event_loop() -> None:
    """While a component hangs, other requests are served; waiting requests share one read."""
    collector = shop_collector()
    started, release = threading.Event(), threading.Event()
    reads: list[object] = []

    def hang() -> None:
        reads.append(None)
        started.set()
        release.wait(LONG)

    collector.register("door", hang)
    app = app_of(collector)

    @app.get("/alive")
    async def alive() -> str:
        return "yes"

    async def ask_all() -> list[int]:
        async with session(app) as caller:
            waiting = [
                asyncio.create_task(caller.get(path))
                for path in ("/metrics", "/api/shop/summary", "/api/shop/door", "/api/shop/prometheus")
            ]
            await asyncio.to_thread(started.wait, LONG)
            assert (await caller.get("/alive")).json() == "yes"
            assert not any(each.done() for each in waiting)
            release.set()
            return [(await each).status_code for each in waiting]

    assert asyncio.run(ask_all()) == [200] * 4
    assert 1 <= len(reads) <= 4  # a request after the end of a read starts a new one


def test_the_service_chooses_the_paths() -> None:
    """A prefix applies, `/metrics` can be omitted, and `alerts` and `health` need an evaluator."""
    app = app_of(shop_collector(), prefix="/monitoring/", metrics_path=None)
    assert list(app.openapi()["paths"]) == [
        "/monitoring/summary",
        "/monitoring/prometheus",
        "/monitoring/front",
        "/monitoring/door",
    ]
    assert "signals" not in ask(app, "/monitoring/summary")


def test_an_endpoint_does_not_hide_the_fixed_ones() -> None:
    """A component whose endpoint has a fixed name is shown in the summary alone; a check reports it."""
    components = {"summary": {"metrics": COMPONENTS["door"]["metrics"]}, "shelf": COMPONENTS["shelf"]}
    app = app_of(Collector(module_of(of_components(components))))
    assert set(ask(app, "/api/shop/summary")["sections"]) == {"summary", "shelf"}


def test_the_check_of_specs_knows_the_fixed_endpoints() -> None:
    """`FIXED`, which the check of specs uses, has all routes that are no component's endpoint."""
    with shop_app() as shop:
        endpoints = {path.rpartition("/")[2] for path in shop.app.openapi()["paths"] if path != "/metrics"}
        assert endpoints == {*FIXED, *shop.collector.module.endpoints}


def test_openapi_has_help_and_unit_of_every_metric() -> None:
    """OpenAPI has the help, unit and closed label values; names of models start with the service's."""
    collector = shop_collector()
    schemas = app_of(collector).openapi()["components"]["schemas"]
    for metric in collector.module.metrics.values():
        component = metric.component.capitalize()
        described = schemas[f"Shop{component}Metrics"]["properties"][metric.attribute]["description"]
        assert described == (
            f"{metric.help} A {metric.type} in the unit `{metric.unit}`; in Prometheus `{metric.name}`."
        )
    assert schemas["ShopSalesTotalLabels"]["properties"]["outcome"]["enum"] == ["paid", "void"]
    assert schemas["ShopSalesTotalLabels"]["properties"]["clerk"] == {"type": "string", "title": "Clerk"}
    assert {name for name in schemas if not name.startswith("Shop")} == {"Problem"}


def test_any_word_can_name_a_metric_or_a_label() -> None:
    """A metric or label may have any name, including the attributes of pydantic models."""
    metrics = {
        f"shop_{word}": {
            "type": "gauge",
            "help": "x",
            "merge": "max",
            "labels": {"schema": ["copy"], "json": ["x"]},
        }
        for word in ("model_fields", "model_config", "schema", "copy", "dict", "json", "class", "field_0")
    }
    app = app_of(Collector(module_of(of_components({"model_dump": {"metrics": metrics}}))))
    assert len(ask(app, "/api/shop/summary")["sections"]["model_dump"]["metrics"]) == len(metrics)
    assert "ShopModelDumpMetrics" in app.openapi()["components"]["schemas"]
