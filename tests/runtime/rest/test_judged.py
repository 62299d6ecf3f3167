"""Signals, alerts and health over HTTP."""

from __future__ import annotations

from tests.runtime.rest.client import ask, get
from tests.runtime.rest.shop import shop_app

PATHS = ("/api/shop/summary", "/api/shop/front", "/api/shop/door")


def test_signals_are_included_on_request() -> None:
    """By default the response has no signals."""
    with shop_app() as shop:
        for path in PATHS:
            assert ask(shop.app, path)["signals"] is None
        shop.collector.metrics.till.open.set(3)
        assert ask(shop.app, "/api/shop/front?signals=true")["signals"]["open"] == {
            "title": "Open tills",
            "unit": "count",
            "query": 'sum by (job) (last_over_time(shop_open{job="shop"}[1m]))',
            "fault": None,
            "values": [{"labels": {"job": "shop"}, "value": 3.0}],
        }


def test_an_answer_has_the_signals_of_its_components() -> None:
    """An endpoint has the signals of its components, the summary all signals."""
    with shop_app() as shop:
        shown = {path: list(ask(shop.app, f"{path}?signals=1")["signals"]) for path in PATHS}
        assert shown == {
            "/api/shop/summary": ["void_ratio", "open", "visits", "well"],
            "/api/shop/front": ["void_ratio", "open"],
            "/api/shop/door": ["visits"],
        }


def test_a_signal_that_is_no_number_is_null() -> None:
    """A ratio without traffic is null."""
    with shop_app() as shop:
        shop.work(300, void=0.5)
        sales = shop.collector.metrics.till.sales_total
        sales(clerk="Bob", outcome="paid")
        shop.now += 600
        for _ in range(30):
            shop.now += 15
            shop.evaluator.sample()
        (value,) = ask(shop.app, "/api/shop/front?signals=1")["signals"]["void_ratio"]["values"]
        assert value == {"labels": {"job": "shop"}, "value": None}
        assert "void_ratio" in ask(shop.app, "/api/shop/health")["silent"]


def test_an_invalid_parameter_is_a_client_error() -> None:
    """An invalid parameter gets 422, which OpenAPI documents."""
    with shop_app() as shop:
        assert get(shop.app, "/api/shop/door?signals=perhaps").status_code == 422
        assert "422" in shop.app.openapi()["paths"]["/api/shop/door"]["get"]["responses"]


def test_alerts_have_their_series() -> None:
    """A firing, a pending and an inactive alert are reported as by Prometheus."""
    with shop_app() as shop:
        shop.collector.metrics.till.open.set(4)
        began = shop.now
        shop.work(240, void=0.75)
        answer = ask(shop.app, "/api/shop/alerts")
        assert (answer["service"], answer["instance"]) == ("shop", "corner")
        firing, pending, inactive = answer["alerts"]
        (series,) = firing.pop("series")
        assert firing == {
            "name": "ManyVoid",
            "group": "shop",
            "severity": "warning",
            "component": "till",
            "signal": "void_ratio",
            "when": "> 10%",
            "pending_for": 60.0,
            "summary": "{value}",
            "runbook": None,
            "state": "firing",
        }
        assert series["state"] == "firing"
        assert abs(series["value"] - 0.75) < 1e-9
        assert series["labels"]["alertname"] == "ManyVoid"
        assert series["labels"]["severity"] == "warning"
        assert began < series["since"] < began + 60
        assert (pending["name"], pending["state"]) == ("MostVoid", "pending")
        assert pending["series"][0]["since"] == series["since"]
        assert (inactive["name"], inactive["state"], inactive["series"]) == ("NoneOpen", "inactive", [])


def test_health_has_the_losses_of_the_score() -> None:
    """Health has the worst firing severity, and the lost points of the score's parts, the most first."""
    with shop_app() as shop:
        shop.collector.metrics.till.open.set(3)
        shop.work(240, void=0.5)
        answer = ask(shop.app, "/api/shop/health")
        assert (answer["verdict"], answer["firing"], answer["pending"]) == ("warning", ["ManyVoid"], [])
        assert answer["silent"] == []
        (score,) = answer["scores"]
        assert score["signal"] == "well"
        assert abs(score["values"][0]["value"] - 62.5) < 1e-9
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
        assert answer["silent"] == ["void_ratio", "open", "visits"]
