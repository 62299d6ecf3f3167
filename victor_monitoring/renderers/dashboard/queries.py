"""The expressions of the panels: those that the alerts use, narrowed by variables."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Iterator

from victor_monitoring.language.resolved.spec import Resolved
from victor_monitoring.promql.grammar import ABSENCE
from victor_monitoring.promql.inference.facts import facts_of
from victor_monitoring.promql.printer import text
from victor_monitoring.promql.tree import Aggregate, Expr, Matcher, Vector, map_vectors, number
from victor_monitoring.renderers.dashboard.fields import JsonObject
from victor_monitoring.renderers.dashboard.variables import Variable
from victor_monitoring.signals.signal import Signal


def panel_expr(
    signal: Signal, variables: Iterable[Variable], top: int | None = None, *, low_is_bad: bool
) -> Expr:
    """Return the signal's value, each selector narrowed by the variables; of `top` series, the worst ones."""
    narrow = tuple(variable.matcher for variable in applicable(signal, variables))
    facts = signal.kind.facts()

    def narrowed(vector: Vector) -> Vector:
        known = facts_of(vector, facts)
        matchers = (each for each in narrow if known.has_others or each.label in known.labels)
        return dataclasses.replace(vector, matchers=(*vector.matchers, *matchers))

    expr = map_vectors(signal.value(), narrowed, outside=ABSENCE)
    if top is None:
        return expr
    return Aggregate("bottomk" if low_is_bad else "topk", expr, None, number(top))


def applicable(signal: Signal, variables: Iterable[Variable]) -> list[Variable]:
    """Return the variables over labels that the signal has and its select leaves open."""
    fixed = signal.select.fixed
    return [each for each in variables if each.label in signal.labels and each.label not in fixed]


_BUILT_IN: JsonObject = {
    "builtIn": 1,
    "datasource": {"type": "grafana", "uid": "-- Grafana --"},
    "enable": True,
    "hide": True,
    "iconColor": "rgba(0, 211, 255, 1)",
    "name": "Annotations & Alerts",
    "type": "dashboard",
}


def annotation_queries(spec: Resolved, variables: tuple[Variable, ...]) -> Iterator[JsonObject]:
    """Yield Grafana's built-in annotations, then for each select the firing alerts on its targets."""
    yield _BUILT_IN
    selects = {alert.signal.select: alert.signal for alert in spec.alerts}
    shown = tuple(each for each in ("severity", spec.service.alert_labels.component) if each)
    for select, signal in selects.items():
        targets = ", ".join(f"{each.label}{each.op}{each.value}" for each in select)
        yield {
            "enable": True,
            "iconColor": "red",
            "name": "Firing alerts" if len(selects) == 1 else f"Firing alerts ({targets})",
            "tagKeys": ",".join(shown),
            "target": {"expr": text(_firing(spec, signal, variables)), "refId": "Alerts"},
            "textFormat": ": ".join(f"{{{{{label}}}}}" for label in shown),
            "titleFormat": "{{alertname}}",
        }


def _firing(spec: Resolved, signal: Signal, variables: tuple[Variable, ...]) -> Vector:
    """Return a selector of the firing alerts of this spec and context on the signal's targets.

    It is narrowed to the chosen scope.
    """
    labels = ((spec.service.alert_labels.service, spec.service.name), *spec.routing.labels)
    own = (
        Matcher("alertstate", "=", "firing"),
        *(Matcher(label, "=", value) for label, value in labels if label is not None),
    )
    scope = (each.matcher for each in applicable(signal, variables) if each.label in signal.scope)
    return Vector("ALERTS", (*signal.select, *own, *scope))
