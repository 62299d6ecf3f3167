"""The Grafana dashboard: the spec's rows and panels, coloured by its alerts."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from typing import Final

from grafanalib import core

from victor_monitoring.base.artifacts import Artifact
from victor_monitoring.language.resolved.outputs import artifact_path
from victor_monitoring.language.resolved.spec import Dashboard, Resolved
from victor_monitoring.renderers.dashboard.finish import finished
from victor_monitoring.renderers.dashboard.layout import bottom, panel_places, title_place
from victor_monitoring.renderers.dashboard.panels import PanelBuilder, row
from victor_monitoring.renderers.dashboard.queries import annotation_queries
from victor_monitoring.renderers.dashboard.variables import DATA_SOURCE, Variable

OUTPUT: Final = "dashboard"
_CROSSHAIR: Final = 1
_WHOLE_UNITS: Final = (("h", 3_600_000), ("m", 60_000), ("s", 1_000), ("ms", 1))


def render(spec: Resolved) -> Iterator[Artifact]:
    """Yield the dashboard's file, if the spec has a dashboard and its output is on."""
    path = artifact_path(spec, OUTPUT)
    if path is not None and spec.dashboard is not None:
        yield Artifact(path, dashboard_text(spec, spec.dashboard), OUTPUT, spec.context)


def dashboard_text(spec: Resolved, dashboard: Dashboard) -> str:
    """Return the spec's dashboard as JSON for Grafana."""
    builder = PanelBuilder(spec)
    return finished(
        core.Dashboard(
            uid=spec.place,
            title=spec.dashboard_title,
            tags=[spec.service.name, *([spec.context] if spec.context else [])],
            editable=False,
            timezone="",  # the reader's
            time=core.Time("now-6h", "now"),
            refresh=_interval(dashboard.refresh),
            graphTooltip=_CROSSHAIR,
            annotations=core.Annotations(list=list(annotation_queries(spec, builder.variables))),
            templating=core.Templating(list=[_source(), *map(_template, builder.variables)]),
            panels=list(_panels(dashboard, builder)),
        )
    )


def _panels(dashboard: Dashboard, builder: PanelBuilder) -> Iterator[core.Panel]:
    """Yield the titles and panels of the rows from top to bottom, numbered from 1."""
    numbers, top = itertools.count(1), 0
    for each in dashboard.rows:
        yield row(each.title, next(numbers), title_place(top))
        for panel, place in zip(each.panels, panel_places(len(each.panels), top), strict=True):
            yield builder.panel(panel, next(numbers), place)
        top = bottom(len(each.panels), top)


def _source() -> core.Template:
    """Return the variable that selects the Prometheus to query."""
    return core.Template(name=DATA_SOURCE, label="Data source", type="datasource", query="prometheus")


def _template(variable: Variable) -> core.Template:
    """Return a variable with multiple choice; `All` also matches series without the label."""
    return core.Template(
        name=variable.name,
        label=variable.label,
        query=variable.query,
        multi=True,
        includeAll=True,
        allValue=".*",
        refresh=core.REFRESH_ON_TIME_RANGE_CHANGE,
        sort=core.SORT_ALPHA_ASC,
    )


def _interval(milliseconds: int) -> str:
    """Return the duration in a single unit, since Grafana reads no other form."""
    return next(f"{milliseconds // size}{unit}" for unit, size in _WHOLE_UNITS if milliseconds % size == 0)
