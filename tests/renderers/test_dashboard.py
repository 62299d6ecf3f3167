"""The dashboards of the specs: panels query the expressions of the alerts, on selected targets only."""

from __future__ import annotations

import dataclasses
import datetime
import json
import os
import re
import subprocess
import sys
import textwrap
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import promql_parser
import pytest

from tests.rules.rendered import compiled_text
from tests.signals.judge import judged
from victor_monitoring.app import pipeline
from victor_monitoring.base.spec_file import read
from victor_monitoring.language.resolved.rules import rule_file
from victor_monitoring.language.resolved.spec import Panel, Resolved
from victor_monitoring.promql.printer import text
from victor_monitoring.promql.tree import Aggregate, Binary, Expr, Matcher, Vector, map_vectors
from victor_monitoring.renderers import dashboard
from victor_monitoring.renderers.dashboard.queries import panel_expr
from victor_monitoring.renderers.dashboard.thresholds import AlertThresholds
from victor_monitoring.renderers.dashboard.variables import variables_of
from victor_monitoring.signals.signal import Signal

ROOT = Path(__file__).resolve().parents[2]
SPECS = ("specs/performance.yaml", "tests/checkout.yaml")
Json = dict[str, Any]


@cache
def resolved() -> dict[str, Resolved]:
    """Return each spec for base and each context, by name."""
    found: dict[str, Resolved] = {}
    for name in SPECS:
        compiled = pipeline.compile_spec(read(ROOT / name, name), today=datetime.date(2026, 1, 1))
        assert compiled.base is not None
        for spec in (compiled.base, *compiled.contexts.values()):
            found[f"{Path(name).stem}-{spec.context or 'base'}"] = spec
    return found


@pytest.fixture(params=list(resolved()))
def spec(request) -> Resolved:
    return resolved()[request.param]


def rendered(spec: Resolved) -> Json:
    found: Json = json.loads(written(spec))
    return found


def written(spec: Resolved) -> str:
    assert spec.dashboard is not None
    return dashboard.dashboard_text(spec, spec.dashboard)


def panels(dashboard: Json) -> list[Json]:
    return [panel for panel in dashboard["panels"] if panel["type"] != "row"]


def panel(name: str, title: str) -> Json:
    return next(each for each in panels(rendered(resolved()[name])) if each["title"] == title)


def queries(spec: Resolved) -> Iterator[tuple[Panel, Signal, str]]:
    """Yield each panel's signals with the expressions that show them."""
    for panel, drawn in zip(spec.panels, panels(rendered(spec)), strict=True):
        targets = (target["expr"] for target in drawn["targets"])
        yield from ((panel, signal, expr) for signal, expr in zip(panel.signals, targets, strict=True))


def without_variables(expr: Expr) -> Expr:
    def plain(vector: Vector) -> Vector:
        kept = tuple(each for each in vector.matchers if not each.value.startswith("$"))
        return Vector(vector.metric, kept, vector.window)

    return map_vectors(expr, plain)


def without_top(expr: Expr) -> Expr:
    return expr.expr if isinstance(expr, Aggregate) and expr.op in ("topk", "bottomk") else expr


def test_panel_and_alert_of_a_signal_have_equal_trees(spec):
    """Without variables, top, comparison and guard, a panel's tree is that of its signal's alerts."""
    limits, variables = AlertThresholds(spec), variables_of(spec)
    compared = 0
    for panel in spec.panels:
        for signal in panel.signals:
            low_is_bad = limits.low_is_bad(signal)
            drawn = without_variables(
                without_top(panel_expr(signal, variables, panel.top, low_is_bad=low_is_bad))
            )
            for alert in limits.alerts(signal):
                fires = alert.expr
                for _ in alert.guards:
                    assert isinstance(fires, Binary)
                    fires = fires.left
                assert isinstance(fires, Binary)
                assert drawn == fires.left
                compared += 1
    assert compared > 5


def test_panel_and_alert_of_a_signal_are_equal_as_parsed(spec):
    """The expressions in dashboard and rules are equal, too, as an independent parser reads them."""
    rules_of_signal: dict[str, list[Expr]] = {}
    alerts = {alert.name: alert for alert in spec.alerts}
    for rule in rule_file(spec).rules:
        if rule.name in alerts:
            fires: Any = judged(text(rule.expr))
            for _ in alerts[rule.name].guards:
                fires = fires.left
            rules_of_signal.setdefault(alerts[rule.name].signal.name, []).append(fires.left)
    compared = 0
    for panel, signal, expr in queries(spec):
        drawn: Any = judged(expr)
        for fires in rules_of_signal.get(signal.name, ()):
            assert without_variables(drawn.expr if panel.top else drawn) == fires
            compared += 1
    assert compared > 5


def selectors(node: Any) -> Iterator[Any]:
    match type(node).__name__:
        case "VectorSelector":
            yield node
        case "MatrixSelector":
            yield node.vector_selector
        case "Call":
            for argument in node.args:
                yield from selectors(argument)
        case "BinaryExpr":
            yield from selectors(node.lhs)
            yield from selectors(node.rhs)
        case "AggregateExpr" | "ParenExpr":
            yield from selectors(node.expr)


def texts(value: object) -> Iterator[str]:
    """Yield every text in the JSON."""
    match value:
        case dict():
            for each in value.values():
                yield from texts(each)
        case list():
            for each in value:
                yield from texts(each)
        case str():
            yield value


def expressions(value: object) -> Iterator[str]:
    """Yield every PromQL expression anywhere in the JSON, including those of variables' queries."""
    match value:
        case dict():
            for key, each in value.items():
                if key == "expr":
                    yield each
                elif key == "query" and str(each).startswith("label_values("):
                    yield each.removeprefix("label_values(").rpartition(",")[0]
                else:
                    yield from expressions(each)
        case list():
            for each in value:
                yield from expressions(each)


def test_every_selector_carries_every_select_matcher(spec):
    """Panels, variables and annotations query selected targets only."""
    whole = rendered(spec)
    owned = {
        name: component.select
        for component in spec.components.values()
        for declared in component.metrics
        for name in (declared.metric.name, *declared.metric.series(), f"{declared.metric.name}_bucket")
    }
    owned |= {
        recording.name: each.select for each in spec.signals.values() for recording in each.recordings()
    }
    selects = [tuple(map(str, select)) for select in {*owned.values(), spec.service.select}]
    found = [each for expr in expressions(whole) for each in selectors(promql_parser.parse(expr))]
    for selector in found:
        ops = {"MatchOp.Equal": "=", "MatchOp.Re": "=~"}
        has = {str(Matcher(m.name, ops.get(str(m.op), "?"), m.value)) for m in selector.matchers.matchers}
        if selector.name in owned:
            assert set(map(str, owned[selector.name])) <= has
        else:
            assert selector.name in ("up", "ALERTS")
            assert any(set(select) <= has for select in selects)
    assert len(found) >= sum(1 for _ in queries(spec)) + 2


def test_no_expression_hides_gaps_or_depends_on_the_zoom(spec):
    """A panel uses the window of the alerts, and missing values stay missing."""
    whole = "\n".join(texts(rendered(spec)))
    assert "$__rate_interval" not in whole
    assert "vector(0)" not in whole


def test_variables_are_open_scope_labels_and_by_labels():
    """A label that select pins is no variable; the scope comes first, and narrows the variables after it."""
    assert {name: variables(name) for name in ("performance-base", "performance-prod")} == {
        "performance-base": {
            "datasource": "prometheus",
            "kubernetes_namespace": 'label_values(up{job="victor"}, kubernetes_namespace)',
            "instance": f"label_values(up{{{SCOPED}}}, instance)",
            "cache": f"label_values(victor_cache_entries{{{SCOPED}}}, cache)",
            "operation": f"label_values(victor_cache_operations_total{{{SCOPED}}}, operation)",
            "provider": f"label_values(victor_provider_up{{{SCOPED}}}, provider)",
            "tool": f"label_values(victor_tool_executions_total{{{SCOPED}}}, tool)",
        },
        "performance-prod": {
            "datasource": "prometheus",
            "instance": f"label_values(up{{{PINNED}}}, instance)",
            "cache": f"label_values(victor_cache_entries{{{PINNED}}}, cache)",
            "operation": f"label_values(victor_cache_operations_total{{{PINNED}}}, operation)",
            "provider": f"label_values(victor_provider_up{{{PINNED}}}, provider)",
            "tool": f"label_values(victor_tool_executions_total{{{PINNED}}}, tool)",
        },
    }


def test_a_label_with_a_pattern_is_a_variable():
    """The targets of a select may differ in it; a label with one value is none."""
    spec = """
        victor_mon: 1
        service: {name: hosts, title: Hosts, owner: ops, select: {job: "=~node|node-exporter", zone: eu}}
        components: {node: {external: true, metrics: {node_load1: {type: gauge, help: Load.}}}}
        signals: {load: {unit: count, value: {of: node_load1, agg: max}}}
        dashboard: {rows: [{title: A, panels: [{title: Load, type: stat, signal: load}]}]}
    """
    base = compiled_text(textwrap.dedent(spec)).base
    assert base is not None
    found = rendered(base)
    assert [(each["name"], each["query"]) for each in found["templating"]["list"][1:]] == [
        ("job", 'label_values(up{job=~"node|node-exporter",zone="eu"}, job)')
    ]
    (target,) = next(each for each in found["panels"] if each["title"] == "Load")["targets"]
    assert 'node_load1{job=~"node|node-exporter",zone="eu",job=~"$job"}' in target["expr"]


SCOPED = 'job="victor",kubernetes_namespace=~"$kubernetes_namespace"'
PINNED = 'job="victor",kubernetes_namespace="victor-production"'


def variables(name: str) -> dict[str, str]:
    listed = rendered(resolved()[name])["templating"]["list"]
    return {each["name"]: each["query"] for each in listed}


def test_a_variable_narrows_only_signals_that_have_its_label():
    """The choice of an instance does not empty panels of the whole service."""
    narrowed = {
        (panel.title, signal.name): re.findall(r'=~"\$(\w+)"', expr)
        for panel, signal, expr in queries(resolved()["performance-base"])
    }
    assert narrowed["Memory Usage", "memory"] == ["kubernetes_namespace", "instance"]
    assert narrowed["Cache Hit Rate", "cache_hit_ratio"] == ["kubernetes_namespace"]
    assert narrowed["Active Providers", "providers_active"] == ["kubernetes_namespace"]


def test_another_select_is_kept_and_narrowed_by_scope():
    """A component with its own select is queried with that one."""
    targets = panel("checkout-base", "Errors")["targets"]
    assert targets[1]["expr"] == text(
        Vector(
            "job_cluster_namespace:checkout_ingress_error_ratio:ratio_rate_5m",
            (
                Matcher("job", "=", "checkout-ingress"),
                Matcher("cluster", "=~", "$cluster"),
                Matcher("namespace", "=~", "$namespace"),
            ),
        )
    )


def test_annotations_are_grafanas_own_and_one_for_each_select_with_alerts():
    """Only this service's alerts are shown, for each select those of its targets."""
    own, shop, ingress = rendered(resolved()["checkout-base"])["annotations"]["list"]
    scope = 'cluster=~"$cluster",namespace=~"$namespace"'
    firing = 'alertstate="firing",service="checkout"'
    assert own["datasource"] == {"type": "grafana", "uid": "-- Grafana --"}
    assert shop == {
        "datasource": {"type": "prometheus", "uid": "${datasource}"},
        "enable": True,
        "iconColor": "red",
        "name": "Firing alerts (job=checkout)",
        "tagKeys": "severity,component",
        "target": {"expr": f'ALERTS{{job="checkout",{firing},{scope}}}', "refId": "Alerts"},
        "textFormat": "{{severity}}: {{component}}",
        "titleFormat": "{{alertname}}",
    }
    assert ingress["target"]["expr"] == f'ALERTS{{job="checkout-ingress",{firing},{scope}}}'


def test_annotations_of_a_context_are_its_own():
    """The labels of a context exclude the alerts of other contexts."""
    _, firing = rendered(resolved()["performance-staging"])["annotations"]["list"]
    assert 'service="victor-performance",environment="staging"' in firing["target"]["expr"]


def test_data_source_is_an_object_everywhere(spec):
    """Panels, queries, variables and annotations use the data source that is chosen at the top."""
    whole = rendered(spec)
    asked = [
        *panels(whole),
        *(target for each in panels(whole) for target in each["targets"]),
        *(each for each in whole["templating"]["list"] if each["type"] == "query"),
        *whole["annotations"]["list"][1:],
    ]
    assert [each["datasource"] for each in asked] == [{"type": "prometheus", "uid": "${datasource}"}] * len(
        asked
    )


def test_all_but_time_series_are_instant(spec):
    """A time series is a range query, every other panel an instant query."""
    for each in panels(rendered(spec)):
        is_series = each["type"] == "timeseries"
        assert [(target["instant"], target["range"]) for target in each["targets"]] == [
            (not is_series, is_series)
        ] * len(each["targets"])


def test_head_of_the_dashboard():
    """The names are those of the service, and all properties are the same in each run."""
    whole = rendered(resolved()["checkout-base"])
    head = {key: value for key, value in whole.items() if key not in ("panels", "templating", "annotations")}
    assert head == {
        "editable": False,
        "graphTooltip": 1,
        "refresh": "1m",
        "schemaVersion": 42,
        "tags": ["checkout"],
        "time": {"from": "now-6h", "to": "now"},
        "timezone": "",
        "title": "Shop Checkout",
        "uid": "checkout",
    }


def test_panels_fill_the_grid():
    """Rows are below each other, the panels of a row side by side, and every panel has its own number."""
    whole = rendered(resolved()["checkout-base"])
    places = [(each["id"], *(each["gridPos"][key] for key in "xywh")) for each in whole["panels"]]
    assert places == [
        (1, 0, 0, 24, 1),
        (2, 0, 1, 8, 8), (3, 8, 1, 8, 8), (4, 16, 1, 8, 8),
        (5, 0, 9, 12, 8), (6, 12, 9, 12, 8),
        (7, 0, 17, 24, 1),
        (8, 0, 18, 8, 8), (9, 8, 18, 8, 8), (10, 16, 18, 8, 8),
        (11, 0, 26, 24, 1),
        (12, 0, 27, 12, 8), (13, 12, 27, 12, 8),
    ]  # fmt: skip


def test_cache_hit_rate_turns_yellow_and_red_with_its_alerts():
    """The panel's colours are the alerts' thresholds: red below 20%, yellow below 40%, else green."""
    for name in ("performance-base", "performance-prod", "performance-staging", "performance-fast"):
        thresholds = panel(name, "Cache Hit Rate")["fieldConfig"]["defaults"]["thresholds"]
        assert thresholds == {
            "mode": "absolute",
            "steps": [
                {"color": "red", "value": None},
                {"color": "yellow", "value": 0.2},
                {"color": "green", "value": 0.4},
            ],
        }


def test_description_and_runbooks_come_from_the_alerts():
    """The description names the metric and the alerts' thresholds, and the links are the runbooks."""
    drawn = panel("performance-prod", "Memory Usage")
    assert drawn["description"] == (
        "The max of victor_system_memory_bytes.\n\n"
        "- HighMemoryUsage (warning): > 4GiB for 10m\n"
        "- CriticalMemoryUsage (critical): > 8GiB for 5m"
    )
    assert [(link["title"], link["url"], link["targetBlank"]) for link in drawn["links"]] == [
        (name, f"https://docs.victor-ai.dev/runbooks/{name}", True)
        for name in ("HighMemoryUsage", "CriticalMemoryUsage")
    ]


@pytest.mark.parametrize(
    ("name", "path"),
    [
        ("checkout-base", "generated/checkout-dashboard.json"),
        ("performance-fast", "deployment/kubernetes/overlays/fast/victor-performance.json"),
    ],
)
def test_path_of_base_and_context(name, path):
    """A context without objects has its dashboard in its overlay, under the same file name."""
    spec = resolved()[name]
    spec = dataclasses.replace(spec, kubernetes=dataclasses.replace(spec.kubernetes, objects=None))
    (artifact,) = dashboard.render(spec)
    assert (str(artifact.path), artifact.output) == (path, "dashboard")
    assert artifact.context == spec.context
    assert artifact.text == written(spec)


RENDER_ALL = """
import hashlib
from tests.renderers.test_dashboard import resolved, written
for name, spec in resolved().items():
    print(name, hashlib.sha256(written(spec).encode()).hexdigest())
"""


def test_text_does_not_depend_on_hash_seed_or_time_zone():
    """Every run renders the same bytes."""
    outputs = [
        subprocess.run(
            [sys.executable, "-c", RENDER_ALL],
            cwd=ROOT,
            env={**os.environ, "PYTHONPATH": str(ROOT), "PYTHONHASHSEED": seed, "TZ": zone},
            check=True,
            capture_output=True,
            text=True,
        ).stdout
        for seed, zone in (("0", "UTC"), ("1", "Asia/Tokyo"), ("2", "America/Lima"))
    ]
    assert outputs[0].count("\n") == len(resolved())
    assert len(set(outputs)) == 1


def test_text_ends_with_one_newline_and_has_sorted_keys(spec):
    """The file ends with one newline, and its keys are sorted."""
    text = written(spec)
    assert text == json.dumps(json.loads(text), indent=2, sort_keys=True) + "\n"
