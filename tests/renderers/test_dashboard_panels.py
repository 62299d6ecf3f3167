"""Colours, axes, legends and columns of panels, on a minimal spec."""

from __future__ import annotations

import json
from typing import Any

import pytest

from victor_monitoring.base.diagnostics import Source
from victor_monitoring.language.model.read import read
from victor_monitoring.language.resolved.resolve import resolve
from victor_monitoring.language.syntax.load import load
from victor_monitoring.renderers import dashboard

Json = dict[str, Any]

SERVICE = """
victor_mon: 1
service:
  {{name: shop, title: Shop, owner: payments, metric_prefix: shop_, select: {{job: shop}}, scope: [{scope}]}}
severities: [{severities}]
components:
  shop:
    metrics:
      shop_jobs: {{type: gauge, help: Jobs., labels: {{queue: [mail, stock]}}}}
      shop_requests_total: {{type: counter, help: Requests., labels: {{code: [ok, bad], datasource: [a, b]}}}}
      shop_seconds:
        {{type: histogram, unit: seconds, help: Time., labels: {{code: [ok, bad]}}, buckets: [1s, 8s]}}
  edge:
    external: true
    select: {{job: edge, zone: a}}
    metrics:
      shop_edge_jobs: {{type: gauge, help: Jobs at the edge.}}
signals:
  jobs: {{title: Jobs, unit: count, value: {{of: shop_jobs, agg: max}}}}
  jobs_by_queue: {{title: Waiting, unit: count, by: [queue], value: {{of: shop_jobs, agg: max}}}}
  workers: {{title: Workers, unit: count, by: [queue], value: {{of: shop_jobs, agg: min}}}}
  requests: {{title: Requests, unit: per_second, by: [datasource], rate: {{of: shop_requests_total}}}}
  errors:
    title: Errors
    unit: ratio
    ratio: {{of: 'shop_requests_total{{code="bad"}}', over: shop_requests_total}}
  edge: {{title: Edge, unit: count, by: [zone], value: {{of: shop_edge_jobs, agg: max}}}}
  time: {{title: Time, unit: seconds, by: [code], quantile: {{q: 0.95, of: shop_seconds}}}}
alerts:
  shop: {alerts}
dashboard:
  refresh: {refresh}
  rows: [{{title: Row, panels: [{panel}]}}]
"""


def rendered(
    panel: str,
    alerts: dict[str, str] | None = None,
    *,
    severities: str = "info, warning, critical",
    scope: str = "",
    refresh: str = "30s",
) -> Json:
    """Return the dashboard of one panel, with alerts given as `{name: "signal, severity, condition"}`."""
    mapping = {
        name: dict(zip(("signal", "severity", "when"), text.split(", "), strict=True))
        for name, text in (alerts or {}).items()
    }
    text = SERVICE.format(
        panel=panel, alerts=json.dumps(mapping), severities=severities, scope=scope, refresh=refresh
    )
    tree = load(Source("shop.yaml", text)).tree
    assert tree is not None
    reading = read(tree)
    assert reading.spec is not None
    assert not reading.findings
    spec, findings = resolve(reading.spec)
    assert not findings
    assert not spec.as_written.unknown
    (artifact,) = dashboard.render(spec)
    found: Json = json.loads(artifact.text)
    return found


def drawn(panel: str, alerts: dict[str, str] | None = None, **kwargs: str) -> Json:
    """Return the panel alone."""
    found: Json = rendered(panel, alerts, **kwargs)["panels"][1]
    return found


def steps(thresholds: Json) -> list[tuple[str, float | None]]:
    assert thresholds["mode"] == "absolute"
    return [(step["color"], step["value"]) for step in thresholds["steps"]]


def colours(
    alerts: dict[str, str], severities: str = "info, warning, critical"
) -> list[tuple[str, float | None]]:
    panel = drawn("{title: Jobs, type: stat, signal: jobs}", alerts, severities=severities)
    return steps(panel["fieldConfig"]["defaults"]["thresholds"])


def test_high_is_bad_ascends_from_green_to_red():
    """The lowest severity is yellow, the ones between orange, the highest red."""
    alerts = {"A": "jobs, critical, > 30", "B": "jobs, info, > 10", "C": "jobs, warning, >= 20"}
    assert colours(alerts) == [("green", None), ("yellow", 10), ("orange", 20), ("red", 30)]


def test_low_is_bad_ascends_from_red_to_green():
    """If low is bad, the lowest values are worst."""
    alerts = {"A": "jobs, critical, < 10", "B": "jobs, info, < 30", "C": "jobs, warning, <= 20"}
    assert colours(alerts) == [("red", None), ("orange", 10), ("yellow", 20), ("green", 30)]


def test_both_ends_can_be_bad():
    """Green is between the thresholds of too little and too much."""
    alerts = {"A": "jobs, info, < 5", "B": "jobs, warning, > 50"}
    assert colours(alerts) == [("yellow", None), ("green", 5), ("orange", 50)]


def test_only_severity_is_red():
    """A single severity is the highest."""
    assert colours({"A": "jobs, page, > 5"}, severities="page") == [("green", None), ("red", 5)]


def test_worst_severity_wins_beyond_its_threshold():
    """A milder alert further out does not soften the colour, and of two at one threshold the worse counts."""
    alerts = {"A": "jobs, critical, > 5", "B": "jobs, info, > 9", "C": "jobs, info, > 5"}
    assert colours(alerts) == [("green", None), ("red", 5), ("red", 9)]


@pytest.mark.parametrize(
    ("when", "expected"),
    [
        ("any", [("green", None), ("red", 1e-09)]),
        ("<= 0", [("red", None), ("green", 1e-09)]),
        (">= 0", [("green", None), ("red", 0)]),
        ("< 0", [("red", None), ("green", 0)]),
    ],
)
def test_zero_itself_has_the_right_colour(when, expected):
    """A colour that begins above 0 does not apply to 0, though Grafana includes a step's value."""
    assert colours({"A": f"jobs, critical, {when}"}) == expected


def test_without_alerts_the_colour_is_neutral_and_there_is_no_line():
    """A panel without alerts has a neutral colour, no line and no links."""
    panel = drawn("{title: Jobs, type: timeseries, signal: jobs}")
    defaults = panel["fieldConfig"]["defaults"]
    assert steps(defaults["thresholds"]) == [("blue", None)]
    assert defaults["custom"]["thresholdsStyle"] == {"mode": "off"}
    assert panel["links"] == []


def test_lines_of_a_time_series_are_drawn_and_in_view():
    """The axis reaches up to the highest threshold that is bad to exceed."""
    alerts = {"A": "jobs, info, < 5", "B": "jobs, warning, > 50", "C": "jobs, critical, > 80"}
    defaults = drawn("{title: Jobs, type: timeseries, signal: jobs}", alerts)["fieldConfig"]["defaults"]
    assert defaults["custom"]["thresholdsStyle"] == {"mode": "dashed"}
    assert defaults["custom"]["axisSoftMax"] == 80
    assert "max" not in defaults


def test_each_of_several_signals_has_its_own_thresholds():
    """They are overrides of their queries; the panel itself has a neutral colour."""
    panel = drawn(
        "{title: Jobs, type: timeseries, signals: [jobs, workers, jobs_by_queue]}",
        {"A": "jobs, critical, > 30", "B": "jobs_by_queue, info, > 7"},
    )
    config = panel["fieldConfig"]
    assert steps(config["defaults"]["thresholds"]) == [("blue", None)]
    assert config["defaults"]["custom"]["thresholdsStyle"] == {"mode": "off"}
    found = {each["matcher"]["options"]: each["properties"] for each in config["overrides"]}
    assert {each["matcher"]["id"] for each in config["overrides"]} == {"byFrameRefID"}
    assert {ref: steps(properties[0]["value"]) for ref, properties in found.items()} == {
        "A": [("green", None), ("red", 30)],
        "C": [("green", None), ("yellow", 7)],
    }
    assert [properties[1] for properties in found.values()] == [
        {"id": "custom.thresholdsStyle", "value": {"mode": "dashed"}}
    ] * 2


@pytest.mark.parametrize(
    ("kind", "signal", "expected"),
    [
        ("gauge", "errors", ("percentunit", 0, 1)),
        ("bar", "time", ("s", 0, 8)),
        ("stat", "requests", ("cps", 0, None)),
        ("timeseries", "errors", ("percentunit", 0, None)),
        ("timeseries", "jobs", ("short", None, None)),
    ],
)
def test_unit_and_bounds_are_the_signals(kind, signal, expected):
    """A gauge spans all possible values; a time series fits its axis to the present values."""
    defaults = drawn(f"{{title: T, type: {kind}, signal: {signal}}}")["fieldConfig"]["defaults"]
    assert (defaults["unit"], defaults.get("min"), defaults.get("max")) == expected


@pytest.mark.parametrize(
    ("panel", "scope", "expected"),
    [
        ("{title: T, type: stat, signal: jobs}", "", ["Jobs"]),
        ("{title: T, type: stat, signal: jobs_by_queue}", "", ["{{queue}}"]),
        ("{title: T, type: stat, signals: [jobs, workers]}", "", ["Jobs", "Workers / {{queue}}"]),
        ("{title: T, type: stat, signal: jobs_by_queue}", "zone", ["{{queue}} / {{zone}}"]),
        ("{title: T, type: stat, signal: jobs}", "zone, job", ["Jobs / {{zone}}"]),
    ],
)
def test_legend_distinguishes_series(panel, scope, expected):
    """`by` labels and open scope labels name a series, with the title where they do not show the signal."""
    assert [target["legendFormat"] for target in drawn(panel, scope=scope)["targets"]] == expected


def test_table_of_columns():
    """A row for each label set, a column for each signal with its unit and its colours."""
    panel = drawn(
        "{title: Queues, type: table, columns: [jobs_by_queue, workers]}",
        {"A": "workers, critical, < 1"},
        scope="zone",
    )
    assert [target["format"] for target in panel["targets"]] == ["table", "table"]
    assert panel["transformations"] == [
        {"id": "merge", "options": {}},
        {
            "id": "organize",
            "options": {
                "excludeByName": {"Time": True, "job": True},
                "indexByName": {"queue": 0, "zone": 1, "Value #A": 2, "Value #B": 3},
                "renameByName": {"Value #A": "Waiting", "Value #B": "Workers"},
            },
        },
    ]
    assert panel["options"] == {"showHeader": True, "sortBy": []}
    steps = [{"color": "red", "value": None}, {"color": "green", "value": 1}]
    assert panel["fieldConfig"]["overrides"] == [
        {"matcher": {"id": "byName", "options": "Waiting"}, "properties": [{"id": "unit", "value": "short"}]},
        {
            "matcher": {"id": "byName", "options": "Workers"},
            "properties": [
                {"id": "unit", "value": "short"},
                {"id": "thresholds", "value": {"mode": "absolute", "steps": steps}},
                {"id": "custom.cellOptions", "value": {"type": "color-background", "mode": "basic"}},
            ],
        },
    ]


@pytest.mark.parametrize(
    ("alerts", "function", "descending"),
    [
        ({}, "topk", True),
        ({"A": "jobs_by_queue, info, > 9"}, "topk", True),
        ({"A": "jobs_by_queue, info, < 9"}, "bottomk", False),
    ],
)
def test_top_of_a_table_is_the_worst_first(alerts, function, descending):
    """The largest values, or the smallest where low is bad, sorted so that the worst is on top."""
    panel = drawn("{title: Top, type: table, signal: jobs_by_queue, top: 3}", alerts)
    assert panel["targets"][0]["expr"] == (
        f'{function}(3, max by (job, queue) (last_over_time(shop_jobs{{job="shop",queue=~"$queue"}}[1m])))'
    )
    assert panel["options"]["sortBy"] == [{"displayName": "Waiting", "desc": descending}]
    assert panel["transformations"][-1]["options"]["renameByName"] == {"Value": "Waiting"}


def test_label_that_is_named_as_the_data_source_gets_another_variable():
    """A label with the name of the data source's variable does not replace that variable."""
    whole = rendered("{title: T, type: pie, signal: requests}")
    source, label = whole["templating"]["list"]
    assert (source["name"], source["type"]) == ("datasource", "datasource")
    assert label == {
        "allValue": ".*",
        "current": {"selected": True, "text": ["All"], "value": ["$__all"]},
        "datasource": {"type": "prometheus", "uid": "${datasource}"},
        "includeAll": True,
        "label": "datasource",
        "multi": True,
        "name": "datasource_label",
        "query": 'label_values(shop_requests_total{job="shop"}, datasource)',
        "refresh": 2,
        "sort": 1,
        "type": "query",
    }
    assert 'datasource=~"$datasource_label"' in whole["panels"][1]["targets"][0]["expr"]


def test_label_that_a_signals_own_select_pins_does_not_narrow_it():
    """The choice of a zone does not change a component whose select has one zone."""
    whole = rendered("{title: T, type: timeseries, signals: [jobs, edge]}", scope="zone")
    exprs = [target["expr"] for target in whole["panels"][1]["targets"]]
    assert exprs == [
        'max by (job, zone) (last_over_time(shop_jobs{job="shop",zone=~"$zone"}[1m]))',
        'max by (job, zone) (last_over_time(shop_edge_jobs{job="edge",zone="a"}[1m]))',
    ]


def test_label_that_the_only_select_pins_is_no_variable():
    """A label with one possible value has no variable, even if `by` names it."""
    whole = rendered("{title: T, type: timeseries, signal: edge}")
    assert [each["name"] for each in whole["templating"]["list"]] == ["datasource"]


def test_values_of_a_histograms_label_are_queried_from_its_count():
    """A histogram has no series under its own name."""
    _, variable = rendered("{title: T, type: timeseries, signal: time}")["templating"]["list"]
    assert variable["query"] == 'label_values(shop_seconds_count{job="shop"}, code)'


@pytest.mark.parametrize(
    ("written", "expected"),
    [("30s", "30s"), ("90s", "90s"), ("1h30m", "90m"), ("2h", "2h"), ("500ms", "500ms")],
)
def test_refresh_has_one_unit(written, expected):
    """The refresh interval is one number with one unit, as Grafana reads it."""
    assert rendered("{title: T, type: stat, signal: jobs}", refresh=written)["refresh"] == expected


def test_queries_beyond_z_have_two_letters():
    """Every query of a panel has its own name, also beyond 26."""
    names = ", ".join(["jobs"] * 28)
    targets = drawn(f"{{title: T, type: stat, signals: [{names}]}}")["targets"]
    assert [target["refId"] for target in targets][24:] == ["Y", "Z", "AA", "AB"]


def test_complete_gauge():
    """A gauge has its description, colours, bounds, query and nothing else."""
    panel = drawn(
        "{title: Errors, type: gauge, signal: errors}",
        {"Low": "errors, warning, < 40%", "VeryLow": "errors, critical, < 20%"},
        severities="warning, critical",
    )
    value = 'shop_errors:ratio_rate_5m{job="shop"}'
    assert panel == {
        "datasource": {"type": "prometheus", "uid": "${datasource}"},
        "description": (
            'The share of shop_requests_total{code="bad"} in shop_requests_total over 5m.\n\n'
            "- Low (warning): < 40%\n- VeryLow (critical): < 20%"
        ),
        "fieldConfig": {
            "defaults": {
                "color": {"mode": "thresholds"},
                "custom": {},
                "max": 1,
                "min": 0,
                "thresholds": {
                    "mode": "absolute",
                    "steps": [
                        {"color": "red", "value": None},
                        {"color": "yellow", "value": 0.2},
                        {"color": "green", "value": 0.4},
                    ],
                },
                "unit": "percentunit",
            },
            "overrides": [],
        },
        "gridPos": {"h": 8, "w": 24, "x": 0, "y": 1},
        "id": 2,
        "links": [],
        "options": {
            "minVizHeight": 75,
            "minVizWidth": 75,
            "orientation": "auto",
            "reduceOptions": {"calcs": ["lastNotNull"], "fields": "", "values": False},
            "showThresholdLabels": False,
            "showThresholdMarkers": True,
            "sizing": "auto",
        },
        "targets": [
            {
                "datasource": {"type": "prometheus", "uid": "${datasource}"},
                "editorMode": "code",
                "expr": f"job:{value}",
                "format": "time_series",
                "instant": True,
                "legendFormat": "Errors",
                "range": False,
                "refId": "A",
            }
        ],
        "title": "Errors",
        "transformations": [],
        "type": "gauge",
    }
