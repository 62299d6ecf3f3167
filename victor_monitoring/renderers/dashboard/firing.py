"""Annotations: when alerts fired, shown on every time series."""

from __future__ import annotations

from collections.abc import Iterator

from victor_monitoring.renderers.dashboard.expressions import applicable
from victor_monitoring.renderers.dashboard.fields import Json
from victor_monitoring.renderers.dashboard.variables import Variable
from victor_monitoring.resolved.spec import Resolved
from victor_monitoring.signals.promql import Matcher, Vector, text
from victor_monitoring.signals.signal import Signal

_BUILT_IN: Json = {
    "builtIn": 1,
    "datasource": {"type": "grafana", "uid": "-- Grafana --"},
    "enable": True,
    "hide": True,
    "iconColor": "rgba(0, 211, 255, 1)",
    "name": "Annotations & Alerts",
    "type": "dashboard",
}


def annotation_queries(spec: Resolved, variables: tuple[Variable, ...]) -> Iterator[Json]:
    """Grafana's own annotations, then for each select the alerts that fire on its targets."""
    yield _BUILT_IN
    selects = {alert.signal.select: alert.signal for alert in spec.alerts}
    for select, signal in selects.items():
        targets = ", ".join(f"{matcher.label}={matcher.value}" for matcher in select)
        yield {
            "enable": True,
            "iconColor": "red",
            "name": "Firing alerts" if len(selects) == 1 else f"Firing alerts ({targets})",
            "tagKeys": "severity,component",
            "target": {"expr": text(_firing(spec, signal, variables)), "refId": "Alerts"},
            "textFormat": "{{severity}}: {{component}}",
            "titleFormat": "{{alertname}}",
        }


def _firing(spec: Resolved, signal: Signal, variables: tuple[Variable, ...]) -> Vector:
    """The alerts of this spec and context that fire on the signal's targets, narrowed to the chosen scope."""
    ours = (
        Matcher("alertstate", "=", "firing"),
        Matcher("service", "=", spec.service.name),
        *(Matcher(label, "=", value) for label, value in spec.routing.labels),
    )
    scope = (each.matcher for each in applicable(signal, variables) if each.label in signal.scope)
    return Vector("ALERTS", (*signal.select, *ours, *scope))
