"""Conversion of grafanalib's JSON to Grafana's current schema: all their differences are handled here."""

from __future__ import annotations

import json
from collections.abc import Collection
from typing import Final

from grafanalib import core
from grafanalib._gen import DashboardEncoder  # it has no public name

from victor_monitoring.renderers.dashboard.fields import JsonObject
from victor_monitoring.renderers.dashboard.variables import DATA_SOURCE

SCHEMA_VERSION: Final = 42  # of Grafana 12.2 and later; older ones read it too

_SOURCE: Final = {"type": "prometheus", "uid": f"${{{DATA_SOURCE}}}"}


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


# The keys that grafanalib writes and the current schema documents. The others belong to old versions.
_DASHBOARD: Final = _words(
    "annotations editable graphTooltip panels refresh schemaVersion tags templating time timezone title uid"
)
_ROW: Final = _words("collapsed gridPos id panels title type")
_PANEL: Final = _words(
    "datasource description fieldConfig gridPos id links options targets title transformations type"
)
_DEFAULTS: Final = _words("color custom max min thresholds unit")
_CUSTOM: Final = {
    "table": _words("align cellOptions inspect"),
    "timeseries": _words(
        "axisPlacement axisSoftMax drawStyle fillOpacity gradientMode hideFrom lineInterpolation lineWidth"
        " pointSize showPoints spanNulls thresholdsStyle"
    ),
}
_OLD_BAR_OPTIONS: Final = _words("fieldOptions showThresholdLabels showThresholdMarkers")
_TARGET: Final = _words("datasource expr format instant legendFormat refId")
_VARIABLE: Final = _words("allValue current datasource includeAll label multi name query refresh sort type")


def finished(dashboard: core.Dashboard) -> str:
    """Return the dashboard's JSON text, keys sorted, the same in each run."""
    encoded = json.dumps(dashboard.to_json_data(), cls=DashboardEncoder)
    plain = json.loads(encoded, parse_float=_number)
    return json.dumps(_dashboard(plain), indent=2, sort_keys=True, ensure_ascii=False) + "\n"


def _dashboard(dashboard: JsonObject) -> JsonObject:
    annotations = dashboard["annotations"]["list"]
    return _only(_DASHBOARD, dashboard) | {
        "annotations": {"list": [{"datasource": _SOURCE, **each} for each in annotations]},
        "panels": [_panel(each) for each in dashboard["panels"]],
        "schemaVersion": SCHEMA_VERSION,
        "templating": {"list": [_variable(each) for each in dashboard["templating"]["list"]]},
    }


def _panel(panel: JsonObject) -> JsonObject:
    if panel["type"] == "row":
        return _only(_ROW, panel)
    options = panel["options"]
    if panel["type"] == "bargauge":
        options = _only(options.keys() - _OLD_BAR_OPTIONS, options)
    return _only(_PANEL, panel) | {
        "datasource": _SOURCE,
        "fieldConfig": _field_config(panel["fieldConfig"], panel["type"]),
        "options": options,
        "targets": [_target(each) for each in panel["targets"]],
    }


def _field_config(config: JsonObject, panel_type: str) -> JsonObject:
    defaults = _only(_DEFAULTS, config["defaults"])
    custom = _only(_CUSTOM.get(panel_type, ()), defaults.get("custom", {}))
    return {
        "defaults": defaults | {"custom": custom, "thresholds": _thresholds(defaults["thresholds"])},
        "overrides": [_override(each) for each in config["overrides"]],
    }


def _override(override: JsonObject) -> JsonObject:
    properties = [
        each | {"value": _thresholds(each["value"])} if each["id"] == "thresholds" else each
        for each in override["properties"]
    ]
    return override | {"properties": properties}


def _thresholds(thresholds: JsonObject) -> JsonObject:
    """Return the thresholds with JSON's null as value of the first step, which begins at the lowest value."""
    steps = [
        {"color": step["color"], "value": step["value"] if index else None}
        for index, step in enumerate(thresholds["steps"])
    ]
    return {"mode": thresholds["mode"], "steps": steps}


def _target(target: JsonObject) -> JsonObject:
    more = {"datasource": _SOURCE, "editorMode": "code", "range": not target["instant"]}
    return _only(_TARGET, target) | more


def _variable(variable: JsonObject) -> JsonObject:
    """Return a variable; a query variable gets its data source, and `All` as its initial value."""
    if variable["type"] != "query":
        return _only(_VARIABLE - {"current", "datasource"}, variable)
    current = {"selected": True, "text": ["All"], "value": ["$__all"]}
    return _only(_VARIABLE, variable) | {"current": current, "datasource": _SOURCE}


def _only(keys: Collection[str], data: JsonObject) -> JsonObject:
    return {key: value for key, value in data.items() if key in keys and value is not None}


def _number(text: str) -> float:
    """Return the number, integral ones as int, as Grafana writes them."""
    value = float(text)
    return int(value) if value.is_integer() else value
