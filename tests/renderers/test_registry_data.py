"""The data in the registry module, from which the runtime rebuilds signals and alerts."""

from __future__ import annotations

from dataclasses import replace
from typing import Any, cast

import pytest

from tests.renderers.registry_module import module_of, of_components, performance, registry_data, shop
from tests.rules.rendered import compiled, compiled_text
from victor_monitoring.language.resolved.spec import Resolved
from victor_monitoring.runtime.registry_module import UnknownContextError, in_context
from victor_monitoring.signals.binding import RegistryData, bind
from victor_monitoring.signals.kinds import KINDS

EVERY_KIND: dict[str, Any] = {
    "sold": {"title": "Sold", "unit": "per_second", "window": "10m", "rate": {"of": "shop_sales_total"}},
    "hard": {"title": "x", "unit": "ratio", "ratio": {
        "of": 'shop_sales_total{way!~"a\\\\d|\\"b"}', "over": "shop_sales_total",
    }},
    "waits": {"title": "x", "unit": "per_second", "rate": {"of": "shop_wait_seconds_count"}},
    "p99_9": {"title": "x", "unit": "seconds", "quantile": {"q": 0.999, "of": "shop_wait_seconds"}},
    "opened": {"title": "x", "unit": "count", "by": ["way"], "value": {"of": "shop_open", "agg": "max"}},
    "busy": {"title": "x", "unit": "count", "count": {"of": "shop_open", "where": "!= 0.5", "agg": "max"}},
    "well": {"title": "x", "unit": "score", "score": [
        {"signal": "later", "weight": 62.5, "worst": "1m30s", "best": "0s"},
        {"signal": "hard", "weight": 37.5, "worst": "100%", "best": "0.1%"},
    ]},
    "usual": {"title": "x", "unit": "seconds", "mean": {"of": "shop_wait_seconds"}},
    "gained": {"title": "x", "unit": "count", "increase": {"of": "shop_sales_total"}},
    "since": {"title": "x", "unit": "seconds", "age": {"of": "shop_done_timestamp_seconds", "agg": "max"}},
    "left": {"title": "x", "unit": "seconds", "until": {
        "of": "shop_done_timestamp_seconds", "agg": "min", "zero": "drop",
    }},
    "usually": {"title": "x", "unit": "count", "value": {
        "of": "shop_open", "agg": "max", "over_time": "avg",
    }},
    "later": {"title": "x", "unit": "seconds", "quantile": {"q": 0.5, "of": "shop_wait_seconds"}},
    "slow": {"title": "x", "unit": "count", "record": "shop:slow:count",
        "expr": "rate(shop_wait_seconds_sum[10m]) > bool 2 * rate(shop_wait_seconds_count[10m])"},
    "slowest": {"title": "x", "unit": "count", "expr": "max(shop:slow:count) - sum(shop_open)"},
}  # fmt: skip
SHOP = {
    "shop_sales_total": {"type": "counter", "help": "x", "labels": {"way": {"open": True, "limit": 9}}},
    "shop_wait_seconds": {"type": "histogram", "help": "x", "unit": "seconds", "buckets": ["0.1ms", "1m30s"]},
    "shop_done_timestamp_seconds": {"type": "gauge", "help": "x", "unit": "timestamp", "merge": "max"},
    "shop_open": {
        "type": "gauge",
        "help": "x",
        "merge": "max",
        "range": [0, 0.5],
        "labels": {"way": ["a", "b"]},
    },
}
ELSEWHERE = """
victor_mon: 1
service: {name: shop, title: Shop, owner: sales, metric_prefix: shop_, select: {job: shop}}
components:
  till: {metrics: {shop_open: {type: gauge, merge: max, help: Tills that are open.}}}
  door: {external: true, metrics: {shop_doors: {type: gauge, merge: max, help: Doors that are open.}}}
signals:
  open: {title: Open, unit: count, value: {of: shop_open, agg: max}}
alerts:
  shop_tills:
    Many: {signal: open, when: "> 5", for: 5m, severity: warning, component: till, summary: Many are open}
contexts:
  prod: {override: {signals: {open: {value: {of: shop_doors}}}}}
"""
FEW_SALES = {
    "signal": "sold", "when": "< 1/s", "only_if": {"signal": "opened", "when": "any"}, "for": "5m",
    "keep_firing_for": "90s", "severity": "critical", "labels": {"tier": "1"},
    "summary": "{value} a second, below {threshold}",
}  # fmt: skip


def with_contexts() -> Resolved:
    """Return base of the performance spec, with its contexts."""
    base = compiled("performance").base
    assert base is not None
    return base


@pytest.mark.parametrize("spec", [performance(), shop(SHOP, signals=EVERY_KIND)], ids=["performance", "shop"])
def test_signals_are_rebuilt_from_the_data(spec: Resolved) -> None:
    """The signals read from the data equal those of the spec."""
    bound = bind(registry_data(spec))
    assert bound.signals == dict(spec.signals)
    assert bound.metrics == {declared.metric.name: declared.metric for declared in spec.declared}


@pytest.mark.parametrize(
    "spec",
    [performance(), shop(SHOP, signals=EVERY_KIND, alerts={"sales": {"FewSales": FEW_SALES}})],
    ids=["performance", "shop"],
)
def test_alerts_are_rebuilt_from_the_data(spec: Resolved) -> None:
    """The alerts read from the data equal those of the spec."""
    assert spec.alerts
    found = bind(registry_data(spec)).alerts
    assert [
        (each.name, each.group, each.signal, each.condition, each.guards, each.pending, each.keep_firing)
        for each in found.values()
    ] == [
        (each.name, each.group, each.signal, each.condition, each.guards, each.pending, each.keep_firing)
        for each in spec.alerts
    ]
    assert [dict(each.labels) for each in found.values()] == [dict(each.labels) for each in spec.alerts]


def test_the_spec_above_has_every_kind() -> None:
    """The comparison covers every kind of signal."""
    assert {kind for signal in EVERY_KIND.values() for kind in signal if kind in KINDS} == set(KINDS)


def test_parameters_are_as_the_spec_writes_them() -> None:
    """Selectors and quantities are text, weights and quantiles numbers, durations milliseconds."""
    signals = module_of(shop(SHOP, signals=EVERY_KIND)).SIGNALS
    assert signals["sold"] == {
        "title": "Sold", "unit": "per_second", "component": "till", "kind": "rate",
        "parameters": {"of": "shop_sales_total", "per": None}, "by": (), "window": 600_000,
        "select": {"job": "shop"}, "recorded": False,
        "query": 'sum by (job) (rate(shop_sales_total{job="shop"}[10m]))',
    }  # fmt: skip
    assert signals["busy"]["parameters"] == {"of": "shop_open", "where": "!= 0.5", "agg": "max"}
    assert signals["well"]["parameters"]["of"][0] == {
        "signal": "later", "weight": 62.5, "worst": "1m30s", "best": "0s", "reduce": None,
    }  # fmt: skip


def test_a_signal_names_its_component_and_the_query_for_all_processes() -> None:
    """A recorded signal is queried by its recorded name; one over several components names no component."""
    module = module_of(performance())
    assert module.SIGNALS["cpu"]["component"] == "system"
    assert module.SIGNALS["health_score"]["component"] is None
    assert module.SIGNALS["health_score"]["query"] == (
        'job_kubernetes_namespace:victor_health_score:score{job="victor"}'
    )


def test_alerts_are_as_the_spec_writes_them() -> None:
    """Conditions and summaries are text, durations milliseconds, and labels those that the rule adds."""
    module = module_of(shop(SHOP, signals=EVERY_KIND, alerts={"sales": {"FewSales": FEW_SALES}}))
    assert module.ALERTS == {"FewSales": {
        "group": "sales", "signal": "sold", "when": "< 1/s",
        "only_if": {"signal": "opened", "when": "any"},
        "for": 300_000, "keep_firing_for": 90_000, "severity": "critical", "component": "till",
        "labels": {
            "tier": "1", "severity": "critical", "component": "till", "owner": "sales", "service": "shop",
            "signal": "sold",
        },
        "summary": "{value} a second, below {threshold}", "runbook": None,
    }}  # fmt: skip


def test_several_guards_are_a_list_in_the_data() -> None:
    """One guard is a mapping, also where it is written as a list; without `unless` there is no such key."""
    opened, sold = {"signal": "opened", "when": "present"}, {"signal": "sold", "when": "== 0/s"}
    alert = {**FEW_SALES, "only_if": [opened], "unless": [opened | {"when": "> 5"}, sold]}
    module = module_of(shop(SHOP, signals=EVERY_KIND, alerts={"sales": {"FewSales": alert}}))
    assert module.ALERTS["FewSales"]["only_if"] == opened
    assert module.ALERTS["FewSales"]["unless"] == (opened | {"when": "> 5"}, sold)


def test_an_alert_is_in_the_data_if_the_process_can_evaluate_it() -> None:
    """An alert is left out if its signal or its guard's reads metrics of an external component."""
    external = {"external": True, "metrics": {"shop_routed_total": {"type": "counter", "help": "x"}}}
    routed = {"title": "x", "unit": "per_second", "rate": {"of": "shop_routed_total"}}
    alerts = {
        "Kept": FEW_SALES,
        "Foreign": {**FEW_SALES, "signal": "routed"},
        "Guarded": {**FEW_SALES, "only_if": {"signal": "routed", "when": "any"}},
        "Excluded": {**FEW_SALES, "unless": [{"signal": "routed", "when": "any"}]},
    }
    spec = of_components(
        {"till": {"metrics": SHOP}, "ingress": external},
        signals={**EVERY_KIND, "routed": routed},
        alerts={"sales": alerts},
    )
    assert list(module_of(spec).ALERTS) == ["Kept"]


def test_alerts_and_severities_of_a_spec_are_complete() -> None:
    """Every alert of a spec without external components, with its runbook; severities in order."""
    spec = performance()
    module = module_of(spec)
    assert list(module.ALERTS) == [alert.name for alert in spec.alerts]
    assert module.ALERTS["HighThreadCount"]["runbook"] == f"{spec.service.runbooks}/HighThreadCount"
    assert (module.TITLE, module.EVALUATE, module.SEVERITIES) == (
        "Victor AI Performance", 30_000, ("warning", "critical"),
    )  # fmt: skip


@pytest.mark.parametrize("context", with_contexts().contexts)
def test_a_context_is_rebuilt_from_its_differences(context: str) -> None:
    """Its signals, alerts and intervals are those of a module that is rendered from the context alone."""
    base = with_contexts()
    rebuilt, alone = (
        in_context(module_of(base), context),
        module_of(replace(base.contexts[context], context=None)),
    )
    assert bind(cast("RegistryData", rebuilt)) == bind(cast("RegistryData", alone))
    for constant in ("SCRAPE", "EVALUATE", "SIGNALS", "ALERTS"):
        assert vars(rebuilt)[constant] == vars(alone)[constant]


def test_a_signal_that_cannot_be_computed_in_a_context() -> None:
    """It is left out of the context with its alerts, and stays in base."""
    compiled = compiled_text(ELSEWHERE)
    assert compiled.base is not None
    module = module_of(compiled.base)
    prod = in_context(module, "prod")
    assert (list(vars(module)["SIGNALS"]), list(vars(module)["ALERTS"])) == (["open"], ["Many"])
    assert (vars(prod)["SIGNALS"], vars(prod)["ALERTS"]) == ({}, {})
    assert in_context(module, None) is module


def test_an_unknown_context() -> None:
    """The error lists the existing contexts."""
    with pytest.raises(UnknownContextError, match="has no context `pro`, it has prod, staging, fast"):
        in_context(module_of(with_contexts()), "pro")
