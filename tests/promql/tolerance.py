"""When two answers to a query are equal: up to 1e-9 of the largest operand that its evaluation has."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace

from tests.promql.differential import Answer
from victor_monitoring.promql.evaluation.evaluator import STEP, EvaluationError, compiled
from victor_monitoring.promql.evaluation.selection import ranges
from victor_monitoring.promql.evaluation.vectors import Moment
from victor_monitoring.promql.prometheus_version import PrometheusVersion
from victor_monitoring.promql.samples import Samples
from victor_monitoring.promql.tree import Call, Expr, Subquery, Vector, children, mapped, nodes, vectors

PART = 1e-9  # of the largest operand
OVERFLOW = 1e150  # the squares of larger numbers, or a few of their products, are infinite


def is_known_difference(expr: Expr, prometheus: PrometheusVersion) -> bool:
    """Return whether an expression has a part whose value is Prometheus' own choice.

    It moves `timestamp(x @ t offset 10m)` by the offset once more. It evaluates an expression in a subquery
    that does not depend on the time also if the window has no step, only to fail where that fails. Before 3.0
    it predicts in a subquery from the first step for all of them, if the samples do not depend on the time.
    """
    moved = (each.arguments[0] for each in nodes(expr, Call) if each.function == "timestamp")
    if any(isinstance(each, Vector) and each.at is not None and each.offset for each in moved):
        return True
    subqueries = list(nodes(expr, Subquery))
    empty = (each.expr for each in subqueries if each.window < (each.step or STEP))
    if any(all(selector.at is not None for selector in vectors(inner)) for inner in empty):
        return True
    called = (call for each in subqueries for call in nodes(each.expr, Call))
    windows = (call.arguments[0] for call in called if call.function == "predict_linear")
    return prometheus.is_before_3 and any(
        isinstance(each, Vector | Subquery) and each.at is not None for each in windows
    )


def differing(own: Answer, theirs: Answer) -> list[tuple[float, float]] | None:
    """Return the values that are not equal, in pairs; None if the answers have other labels or types."""
    if isinstance(own, float) and isinstance(theirs, float):
        own, theirs = {frozenset(): own}, {frozenset(): theirs}
    if isinstance(own, dict) and isinstance(theirs, dict) and own.keys() == theirs.keys():
        return [(own[key], theirs[key]) for key in own if not _is_same(own[key], theirs[key])]
    return [] if own == theirs else None


def agree(expr: Expr, at: int, found: list[tuple[float, float]] | None, samples: Samples) -> bool:
    """Return whether these values of an expression differ no more than by rounding."""
    if not found:
        return found is not None
    largest = largest_operand(expr, at, samples)
    if largest > OVERFLOW and samples.prometheus.is_before_3:  # its sums of finite numbers overflow to NaN
        found = [(own, theirs) for own, theirs in found if not (math.isinf(own) and math.isnan(theirs))]
    return all(abs(own - theirs) <= PART * largest for own, theirs in found)


def _is_same(one: float, other: float) -> bool:
    """Return whether two numbers are equal or both NaN."""
    return one == other or (math.isnan(one) and math.isnan(other))


def largest_operand(expr: Expr, at: int, samples: Samples) -> float:
    """Return the largest finite magnitude of all samples and of all values of subexpressions at a time.

    These are the samples that selectors read, and the values that an expression in a subquery has at each of
    its steps.
    """
    values = _values(_pinned(expr, at), {at}, samples)
    return max((abs(value) for value in values if math.isfinite(value)), default=0.0)


def _pinned(expr: Expr, at: int) -> Expr:
    """Return the expression with `@ start()` and `@ end()` replaced by the time of the query."""

    def changed(node: Expr) -> Expr:
        return (
            replace(node, at=at) if isinstance(node, Vector | Subquery) and isinstance(node.at, str) else node
        )

    return mapped(expr, changed)


def _values(expr: Expr, times: Iterable[int], samples: Samples) -> Iterator[float]:
    """Yield the operands of a pinned expression that is evaluated at these times."""
    match expr:
        case Vector(window=int()):
            windows = ranges(expr)
            yield from (value for at in times for w in windows(Moment(samples, at, at)) for value in w.values)
        case Subquery(inner):
            yield from _values(inner, {step for at in times for step in _steps(expr, at)}, samples)
        case _:
            for child in children(expr):
                yield from _values(child, times, samples)
            yield from _results(expr, times, samples)


def _steps(subquery: Subquery, at: int) -> Sequence[int]:
    """Return the times of a pinned subquery, also the one at the start of the window."""
    step = subquery.step or STEP
    end = (subquery.at if isinstance(subquery.at, int) else at) - subquery.offset
    return range(-(-(end - subquery.window) // step) * step, end + 1, step)


def _results(expr: Expr, times: Iterable[int], samples: Samples) -> Iterator[float]:
    evaluate = compiled(expr)
    for at in times:
        try:
            found = evaluate(samples, at)
        except EvaluationError:
            continue
        if isinstance(found, float):
            yield found
        elif not isinstance(found, str):
            yield from found.values()
