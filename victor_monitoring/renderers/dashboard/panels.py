"""Panels as grafanalib objects, built from the signals that they show."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

from grafanalib import core

from victor_monitoring.language.resolved.spec import Alert, Panel, Resolved
from victor_monitoring.promql.duration import duration_text
from victor_monitoring.promql.printer import text
from victor_monitoring.renderers.dashboard.fields import (
    JsonObject,
    field_config,
    ref_id,
    shared_steps,
    threshold_steps,
)
from victor_monitoring.renderers.dashboard.layout import GridRectangle
from victor_monitoring.renderers.dashboard.queries import panel_expr
from victor_monitoring.renderers.dashboard.thresholds import AlertThresholds
from victor_monitoring.renderers.dashboard.variables import open_scope, variables_of
from victor_monitoring.signals.signal import Signal

_CLASSES: Final[dict[str, Any]] = {
    "timeseries": core.TimeSeries,
    "stat": core.Stat,
    "gauge": core.GaugePanel,
    "bar": core.BarGauge,
    "pie": core.PieChartv2,
    "table": core.Table,
}
_LAST: Final = {"calcs": ["lastNotNull"], "fields": "", "values": False}
_SIZES: Final = {"minVizHeight": 75, "minVizWidth": 75, "sizing": "auto"}
_OPTIONS: Final[dict[str, JsonObject]] = {
    "timeseries": {
        "legend": {"calcs": [], "displayMode": "list", "placement": "bottom", "showLegend": True},
        "tooltip": {"mode": "multi", "sort": "desc"},
    },
    "stat": {
        "colorMode": "value",
        "graphMode": "none",  # the query is instant: one value
        "justifyMode": "auto",
        "orientation": "auto",
        "reduceOptions": _LAST,
        "textMode": "auto",
    },
    "gauge": {
        "orientation": "auto",
        "reduceOptions": _LAST,
        "showThresholdLabels": False,
        "showThresholdMarkers": True,
        **_SIZES,
    },
    "bar": {
        "displayMode": "basic",
        "orientation": "horizontal",
        "reduceOptions": _LAST,
        "showUnfilled": True,
        "valueMode": "color",
    },
    "pie": {
        "displayLabels": ["percent"],
        "legend": {
            "calcs": [],
            "displayMode": "table",
            "placement": "right",
            "showLegend": True,
            "values": ["percent", "value"],
        },
        "pieType": "pie",
        "reduceOptions": _LAST,
        "tooltip": {"mode": "single", "sort": "none"},
    },
    "table": {"showHeader": True},
}


class PanelBuilder:
    """Builds the panels of one spec."""

    def __init__(self, spec: Resolved) -> None:
        self.limits = AlertThresholds(spec)
        self.variables = variables_of(spec)

    def panel(self, panel: Panel, number: int, place: GridRectangle) -> core.Panel:
        """Return the panel, with colours and links from the alerts on its signals."""
        options = _OPTIONS[panel.type]
        if panel.type == "table":
            options = options | sorting(panel, self.limits)
        return _CLASSES[panel.type](
            id=number,
            title=panel.title,
            description=description(panel, self.limits),
            gridPos=grid_position(place),
            links=[_link(*each) for each in runbooks(panel, self.limits)],
            targets=[self._target(panel, signal, index) for index, signal in enumerate(panel.signals)],
            thresholds=threshold_steps(shared_steps(panel, self.limits)),
            transformations=transformations(panel) if panel.type == "table" else [],
            extraJson={"fieldConfig": field_config(panel, self.limits), "options": options},
        )

    def _target(self, panel: Panel, signal: Signal, index: int) -> core.Target:
        low_is_bad = self.limits.low_is_bad(signal)
        return core.Target(
            expr=text(panel_expr(signal, self.variables, panel.top, low_is_bad=low_is_bad)),
            format="table" if panel.type == "table" else "time_series",
            instant=panel.type != "timeseries",
            legendFormat=legend(signal, is_alone=len(panel.signals) == 1),
            refId=ref_id(index),
        )


def row(title: str, number: int, place: GridRectangle) -> core.RowPanel:
    """Return the title of a row as a panel."""
    return core.RowPanel(id=number, title=title, gridPos=grid_position(place))


def grid_position(place: GridRectangle) -> core.GridPos:
    """Return a place as a grafanalib object."""
    return core.GridPos(h=place.height, w=place.width, x=place.x, y=place.y)


def _link(title: str, url: str) -> core.DashboardLink:
    return core.DashboardLink(type="link", title=title, uri=url, targetBlank=True, keepTime=False)


def transformations(panel: Panel) -> list[JsonObject]:
    """Return the transformations to one table: rows with equal labels merged, labels first, then signals."""
    names = _value_names(panel)
    first = panel.signals[0]
    labels = tuple(dict.fromkeys((*first.by, *open_scope(first))))
    hidden = ["Time", *sorted({label for signal in panel.signals for label in signal.select.fixed})]
    organize = {
        "excludeByName": dict.fromkeys(hidden, True),
        "indexByName": {name: index for index, name in enumerate((*labels, *names))},
        "renameByName": {name: signal.title for name, signal in zip(names, panel.signals, strict=True)},
    }
    merge = [{"id": "merge", "options": {}}] if len(panel.signals) > 1 else []
    return [*merge, {"id": "organize", "options": organize}]


def sorting(panel: Panel, limits: AlertThresholds) -> JsonObject:
    """Return the option that sorts a table of one signal, the worst row first."""
    if panel.is_columns or len(panel.signals) > 1:
        return {}
    signal = panel.signals[0]
    return {"sortBy": [{"displayName": signal.title, "desc": not limits.low_is_bad(signal)}]}


def _value_names(panel: Panel) -> list[str]:
    """Return Grafana's column names for the queries' values: `Value`, or `Value #A` and so on for several."""
    if len(panel.signals) == 1:
        return ["Value"]
    return [f"Value #{ref_id(index)}" for index in range(len(panel.signals))]


def legend(signal: Signal, *, is_alone: bool) -> str:
    """Return the legend format: `by` labels and open scope labels, after the title where it is needed."""
    title = () if is_alone and signal.by else (signal.title,)
    labels = (f"{{{{{label}}}}}" for label in (*signal.by, *open_scope(signal)))
    return " / ".join((*title, *labels))


def description(panel: Panel, limits: AlertThresholds) -> str:
    """Return the panel's description in Markdown: each signal in words, and the alerts on it."""
    is_alone = len(panel.signals) == 1
    return "\n\n".join(_paragraph(signal, limits, is_alone=is_alone) for signal in panel.signals)


def _paragraph(signal: Signal, limits: AlertThresholds, *, is_alone: bool) -> str:
    words = signal.kind.words(signal)
    first = f"{words[:1].upper()}{words[1:]}." if is_alone else f"{signal.title}: {words}."
    alerts = [f"- {_alert(alert)}" for alert in limits.alerts(signal)]
    return "\n".join([first, *([""] if alerts else []), *alerts])


def _alert(alert: Alert) -> str:
    lasting = f" for {duration_text(alert.pending)}" if alert.pending else ""
    severity = f" ({alert.severity})" if alert.severity else ""
    return f"{alert.name}{severity}: {alert.when}{lasting}"


def runbooks(panel: Panel, limits: AlertThresholds) -> Iterator[tuple[str, str]]:
    """Yield the id and runbook address of each alert on the panel's signals that has one."""
    for signal in panel.signals:
        yield from ((alert.id, alert.runbook) for alert in limits.alerts(signal) if alert.runbook)
