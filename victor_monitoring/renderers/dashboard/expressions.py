"""The expressions of the panels: the tree that the alerts use, narrowed by variables."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable

from victor_monitoring.renderers.dashboard.variables import Variable, pinned
from victor_monitoring.signals.promql import Aggregate, Expr, Vector, map_vectors, number
from victor_monitoring.signals.signal import Signal


def panel_expr(
    signal: Signal, variables: Iterable[Variable], top: int | None = None, *, low_is_bad: bool
) -> Expr:
    """The signal's value, every selector narrowed by the variables; of `top` only that many, the worst."""
    narrow = tuple(variable.matcher for variable in applicable(signal, variables))

    def narrowed(vector: Vector) -> Vector:
        return dataclasses.replace(vector, matchers=(*vector.matchers, *narrow))

    expr = map_vectors(signal.value(), narrowed)
    if top is None:
        return expr
    return Aggregate("bottomk" if low_is_bad else "topk", expr, None, number(top))


def applicable(signal: Signal, variables: Iterable[Variable]) -> list[Variable]:
    """The variables over labels that the signal has and its select leaves open."""
    fixed = pinned(signal.select)
    return [each for each in variables if each.label in signal.labels and each.label not in fixed]
