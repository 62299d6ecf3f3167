"""Panels as grafanalib has them, made from the signals that they draw."""

from __future__ import annotations

from typing import Any, Final

from grafanalib import core

from victor_monitoring.renderers.dashboard.expressions import panel_expr
from victor_monitoring.renderers.dashboard.fields import (
    Json,
    field_config,
    ref_id,
    shared_steps,
    threshold_steps,
)
from victor_monitoring.renderers.dashboard.layout import Place
from victor_monitoring.renderers.dashboard.tables import sorting, transformations
from victor_monitoring.renderers.dashboard.thresholds import Limits
from victor_monitoring.renderers.dashboard.variables import variables_of
from victor_monitoring.renderers.dashboard.wording import description, legend, runbooks
from victor_monitoring.resolved.spec import Panel, Resolved
from victor_monitoring.signals.promql import text
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
_OPTIONS: Final[dict[str, Json]] = {
    "timeseries": {
        "legend": {"calcs": [], "displayMode": "list", "placement": "bottom", "showLegend": True},
        "tooltip": {"mode": "multi", "sort": "desc"},
    },
    "stat": {
        "colorMode": "value",
        "graphMode": "none",  # one value has no course
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
        self.limits = Limits(spec)
        self.variables = variables_of(spec)
        self._runbooks = spec.service.runbooks

    def panel(self, panel: Panel, number: int, place: Place) -> core.Panel:
        """The panel, its colours and links taken from the alerts on its signals."""
        options = _OPTIONS[panel.type]
        if panel.type == "table":
            options = options | sorting(panel, self.limits)
        return _CLASSES[panel.type](
            id=number,
            title=panel.title,
            description=description(panel, self.limits),
            gridPos=grid_position(place),
            links=[_link(*each) for each in runbooks(panel, self.limits, self._runbooks)],
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


def row(title: str, number: int, place: Place) -> core.RowPanel:
    """The title of a row."""
    return core.RowPanel(id=number, title=title, gridPos=grid_position(place))


def grid_position(place: Place) -> core.GridPos:
    """A place as grafanalib has it."""
    return core.GridPos(h=place.height, w=place.width, x=place.x, y=place.y)


def _link(title: str, url: str) -> core.DashboardLink:
    return core.DashboardLink(type="link", title=title, uri=url, targetBlank=True, keepTime=False)
