"""Signals, alerts and health over HTTP."""

from __future__ import annotations

import math
from typing import Any

import pytest

from tests.runtime.rest.client import ask, get
from tests.runtime.rest.shop import ALERTS, shop_app
from victor_monitoring.promql.tree import Aggregate, Call, Vector, number
from victor_monitoring.runtime.evaluator import NOT_IN_PROCESS
from victor_monitoring.runtime.rest.models import Models
from victor_monitoring.signals.kinds.rate import Rate

PATHS = ("/api/shop/summary", "/api/shop/front", "/api/shop/door")


def section(answer: Any, component: str) -> Any:
    """Return the section of a component."""
    return answer["sections"][component]


def test_a_section_begins_with_its_signals() -> None:
    """A signal has its value as a number and as a text, and the condition and state of each alert on it."""
    with shop_app() as shop:
        shop.collector.metrics.till.open.set(3)
        shop.work(240, void=0.25)
        till = section(ask(shop.app, "/api/shop/front"), "till")
        assert list(till) == ["signals", "fault", "metrics"]
        ratio = till["signals"]["void_ratio"]
        assert list(ratio) == ["title", "value", "text", "unit", "alerts", "query"]
        assert abs(ratio.pop("value") - 0.25) < 1e-9
        assert ratio == {
            "title": "Voided sales",
            "text": "25%",
            "unit": "ratio",
            "alerts": {
                "ManyVoid": {"severity": "warning", "when": "> 10%", "state": "firing"},
                "MostVoid": {"severity": "critical", "when": "> 50%", "state": "inactive"},
            },
            "query": 'job:shop_void_ratio:ratio_rate_5m{job="shop"}',
        }
        assert till["signals"]["open"] == {
            "title": "Open tills",
            "value": 3.0,
            "text": "3",
            "unit": "count",
            "alerts": {"NoneOpen": {"severity": "critical", "when": "< 1", "state": "inactive"}},
            "query": 'sum by (job) (last_over_time(shop_open{job="shop"}[1m]))',
        }


def test_a_signal_by_labels_has_a_value_for_each() -> None:
    """Values have the labels that they differ by, not those of the process."""
    with shop_app() as shop:
        shelf = shop.collector.metrics.shelf
        shelf.fill("top").set(0.756)
        shelf.fill("low").set(math.nan)
        shop.evaluator.sample()
        assert section(ask(shop.app, "/api/shop/front"), "shelf")["signals"] == {
            "fill": {
                "title": "Fill",
                "values": [
                    {"labels": {"shelf": "top"}, "value": 0.756, "text": "75.6%"},
                    {"labels": {"shelf": "low"}, "value": None, "text": "no data"},
                ],
                "unit": "ratio",
                "alerts": {},
                "query": 'max by (job, instance, shelf) (last_over_time(shop_fill{job="shop"}[1m]))',
            }
        }


def test_signals_are_left_out_on_request() -> None:
    """With `signals=false` no answer has signals, and none is evaluated."""
    with shop_app() as shop:
        for path in PATHS:
            answer = ask(shop.app, f"{path}?signals=false")
            assert not {"signals"} & answer.keys()
            assert {"signals"} & set().union(*answer["sections"].values()) == set()


def test_an_answer_has_the_signals_of_its_components() -> None:
    """Each section has the signals of its component; the summary begins with those of none."""
    with shop_app() as shop:
        answers = {path: ask(shop.app, path) for path in PATHS}
        shown = {
            path: {name: list(each["signals"]) for name, each in answer["sections"].items()}
            for path, answer in answers.items()
        }
        front, door = {"till": ["void_ratio", "open"], "shelf": ["fill"]}, {"door": ["visits"]}
        assert shown == {
            "/api/shop/summary": front | door,
            "/api/shop/front": front,
            "/api/shop/door": door,
        }
        assert list(answers["/api/shop/summary"]["signals"]) == ["well"]
        assert list(answers["/api/shop/summary"])[-2:] == ["signals", "sections"]
        assert "signals" not in answers["/api/shop/front"]


def test_a_signal_that_is_no_number_is_null() -> None:
    """A ratio without traffic is null, and its text says so; so does a signal without samples."""
    with shop_app() as shop:
        shop.work(300, void=0.5)
        sales = shop.collector.metrics.till.sales_total
        sales(clerk="Bob", outcome="paid")
        shop.now += 600
        for _ in range(30):
            shop.now += 15
            shop.evaluator.sample()
        signals = section(ask(shop.app, "/api/shop/front"), "till")["signals"]
        for name in ("void_ratio", "open"):
            assert (signals[name]["value"], signals[name]["text"]) == (None, "no data")
            assert name in ask(shop.app, "/api/shop/health")["silent"]


def test_a_signal_that_only_prometheus_evaluates_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    """Its text is the reason, and its query is there to be asked."""
    unsupported = Aggregate(
        "sum", Call("histogram_fraction", (number(0), number(1), Vector("shop_visits_total"))), ("job",)
    )
    monkeypatch.setattr(Rate, "promql", lambda *_: unsupported)
    with shop_app() as shop:
        visits = section(ask(shop.app, "/api/shop/door"), "door")["signals"]["visits"]
        assert (visits["value"], visits["text"]) == (None, NOT_IN_PROCESS)
        assert visits["query"] == 'job:shop_visits:rate_5m{job="shop"}'


def test_every_answer_matches_its_model() -> None:
    """Answers with and without signals match the documented models."""
    with shop_app() as shop:
        shop.collector.metrics.shelf.fill("top").set(math.inf)
        shop.work(60, void=0.5)
        models = Models.of(shop.evaluator.module, signals=True)
        for name, model in {**models.endpoints, "summary": models.summary, "health": models.health}.items():
            for signals in ("true", "false"):
                model.model_validate(ask(shop.app, f"/api/shop/{name}?signals={signals}"))


def test_an_invalid_parameter_is_a_client_error() -> None:
    """An invalid parameter gets 422, which OpenAPI documents."""
    with shop_app() as shop:
        assert get(shop.app, "/api/shop/door?signals=perhaps").status_code == 422
        assert "422" in shop.app.openapi()["paths"]["/api/shop/door"]["get"]["responses"]


def test_alerts_have_their_series(monkeypatch: pytest.MonkeyPatch) -> None:
    """A firing, a pending and an inactive alert are reported as by Prometheus."""
    annotations = {"description": "{{ $labels.job }}: {{ $value | humanizePercentage }}"}
    monkeypatch.setitem(ALERTS["shop"]["ManyVoid"], "annotations", annotations)
    with shop_app() as shop:
        shop.collector.metrics.till.open.set(4)
        began = shop.now
        shop.work(240, void=0.75)
        answer = ask(shop.app, "/api/shop/alerts")
        assert (answer["service"], answer["instance"]) == ("shop", "corner")
        firing, pending, inactive = answer["alerts"]
        (series,) = firing.pop("series")
        assert firing == {
            "id": "ManyVoid",
            "name": "ManyVoid",
            "group": "shop",
            "severity": "warning",
            "component": "till",
            "signal": "void_ratio",
            "when": "> 10%",
            "pending_for": 60.0,
            "summary": "{value}",
            "runbook": None,
            "annotations": annotations,
            "state": "firing",
        }
        assert series["state"] == "firing"
        assert abs(series["value"] - 0.75) < 1e-9
        assert series["labels"]["alertname"] == "ManyVoid"
        assert series["labels"]["severity"] == "warning"
        assert series["annotations"] == {"summary": "75%", "description": "shop: 75%"}
        assert began < series["since"] < began + 60
        assert (pending["name"], pending["state"]) == ("MostVoid", "pending")
        assert pending["series"][0]["since"] == series["since"]
        assert (inactive["name"], inactive["state"], inactive["series"]) == ("NoneOpen", "inactive", [])


def test_a_firing_alert_without_a_severity_has_no_verdict(monkeypatch: pytest.MonkeyPatch) -> None:
    """It is listed as firing; only severities of the service make a verdict."""
    for severity in (None, "ticket"):
        monkeypatch.setitem(ALERTS["shop"]["ManyVoid"], "severity", severity)
        with shop_app() as shop:
            shop.collector.metrics.till.open.set(4)
            shop.work(240, void=0.4)
            answer = ask(shop.app, "/api/shop/health")
            assert (answer["verdict"], answer["firing"]) == ("ok", ["ManyVoid"])
            assert ask(shop.app, "/api/shop/alerts")["alerts"][0]["severity"] == severity


def test_health_has_the_losses_of_the_score() -> None:
    """Health has the worst firing severity, and the lost points of the score's parts, the most first."""
    with shop_app() as shop:
        shop.collector.metrics.till.open.set(3)
        shop.work(240, void=0.5)
        answer = ask(shop.app, "/api/shop/health")
        assert (answer["verdict"], answer["firing"], answer["pending"]) == ("warning", ["ManyVoid"], [])
        assert answer["silent"] == ["fill"]
        (score,) = answer["scores"]
        assert score["signal"] == "well"
        (value,) = score["values"]
        assert abs(value.pop("value") - 62.5) < 1e-9
        assert value == {"labels": {}, "text": "62.5"}
        lost = [(loss["signal"], loss["title"], round(loss["points"], 9)) for loss in score["losses"]]
        assert lost == [("void_ratio", "Voided sales", 30.0), ("open", "Open tills", 7.5)]
        shop.work(600, void=0.75)
        answer = ask(shop.app, "/api/shop/health")
        assert (answer["verdict"], answer["firing"]) == ("critical", ["ManyVoid", "MostVoid"])


def test_health_names_silent_signals() -> None:
    """Before any measurement nothing fires, and the signals without values are listed."""
    with shop_app() as shop:
        answer = ask(shop.app, "/api/shop/health")
        assert (answer["verdict"], answer["firing"]) == ("ok", [])
        assert answer["silent"] == ["void_ratio", "open", "fill", "visits"]
