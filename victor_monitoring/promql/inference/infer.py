"""Inference: labels, dimension, range and emptiness of the value of an expression, without samples.

It is given facts of the series that the expression reads (`facts.py`). It may say less than could be known,
but never anything that samples could contradict of which the facts are true.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from fractions import Fraction
from typing import Final

from victor_monitoring.promql.evaluation.over_time import OF_WINDOW
from victor_monitoring.promql.grammar import NAME
from victor_monitoring.promql.inference import ranges
from victor_monitoring.promql.inference.calls import of_call
from victor_monitoring.promql.inference.dimensions import ONE, Dimension, difference
from victor_monitoring.promql.inference.effects import (
    average,
    deviation,
    quantile,
    squared,
    total,
    without_moments,
)
from victor_monitoring.promql.inference.facts import Buckets, Facts, facts_of
from victor_monitoring.promql.inference.intervals import Interval, shared, widened
from victor_monitoring.promql.inference.labels import GIVEN, Labels
from victor_monitoring.promql.inference.operators import Emptiness, Inferred, operation, scalar, weaker
from victor_monitoring.promql.inference.ranges import Range, exactly, minus
from victor_monitoring.promql.signatures import SCALAR
from victor_monitoring.promql.tree import (
    Aggregate,
    Binary,
    Call,
    Expr,
    Number,
    Subquery,
    Text,
    Unary,
    Vector,
    map_vectors,
    nodes,
    vectors,
)
from victor_monitoring.promql.types import type_of

__all__ = ["Inferred", "inferred"]


def inferred(expr: Expr, facts: Facts) -> Inferred:
    """Return the inference of the value of an expression, given facts by the names of series.

    A product with a constant has an unknown scale, since it may convert a unit. Bounds hold up to rounding,
    which `Range.outer` allows for.
    """
    match expr:
        case Number(value):
            return scalar(ranges.constant(value))
        case Text():
            return scalar(ranges.ANY, None)
        case Vector():
            known = facts_of(expr, facts)
            return Inferred(known.labels_of(expr.metric, expr.matchers), known.dimension, known.range())
        case Subquery():
            return _of_subquery(expr, inferred(expr.expr, facts))
        case Unary(op, inner):
            return _signed(op, inferred(inner, facts))
        case Aggregate():
            return _aggregated(expr, inferred(expr.expr, facts), facts)
        case Call(_, arguments):
            return of_call(expr, [inferred(each, facts) for each in arguments], _buckets(expr, facts))
        case Binary(_, left, right):
            scalars = (type_of(left) == SCALAR, type_of(right) == SCALAR)
            found = operation(expr, inferred(left, facts), inferred(right, facts), scalars=scalars)
            return _at_most_one(found) if expr.op == "/" and _is_share(expr, facts) else found


def _of_subquery(expr: Subquery, inner: Inferred) -> Inferred:
    """Return the inference of the samples: one at each step, so that a short window can have none."""
    is_filled = expr.step is not None and expr.window >= expr.step
    return inner if is_filled else replace(inner, empty=weaker(inner.empty))


def _signed(op: str, inner: Inferred) -> Inferred:
    if op == "+":
        return inner
    dimension = None if inner.dimension and inner.dimension.is_moment else inner.dimension
    return Inferred(inner.labels.unnamed(), dimension, minus(inner.range), inner.empty)


def _buckets(call: Call, facts: Facts) -> Buckets | None:
    """Return the buckets of a call's argument, if all its series have these and no function sets `le`."""
    if call.function != "histogram_quantile":
        return None
    argument = call.arguments[1]
    found = [facts_of(each, facts).buckets for each in vectors(argument)]
    is_changed = Text("le") in (
        *(each.arguments[1] for each in nodes(argument, Call) if each.function.startswith("label_")),
        *(each.parameter for each in nodes(argument, Aggregate)),
    )
    return found[0] if found and all(each == found[0] for each in found) and not is_changed else None


_COUNTING: Final = frozenset({"count", "group", "count_values"})
_RANGES: Final[dict[str, Callable[[Range], Range]]] = {
    "avg": average,
    "max": lambda one: one,
    "min": lambda one: one,
    "topk": lambda one: one,
    "bottomk": lambda one: one,
    "group": lambda _: ranges.SINGLE,
    "stddev": lambda one: deviation(one, 1),
    "stdvar": lambda one: deviation(one, 2),
}


def _aggregated(expr: Aggregate, inner: Inferred, facts: Facts) -> Inferred:
    parameter = None if expr.parameter is None else inferred(expr.parameter, facts)
    if expr.op in ("topk", "bottomk"):
        return replace(inner, empty=_first(inner.empty, parameter.range if parameter else ranges.ANY))
    labels = inner.labels
    for name in _own_label(expr):
        labels = labels.with_values(name, GIVEN)
    most = _most(expr, inner.labels)
    match expr.op:
        case "sum":
            values = total(inner.range, most)
        case "count" | "count_values":
            values = exactly(1, most)
        case "quantile":
            values = quantile(parameter.range if parameter else ranges.ANY, inner.range)
        case op:
            values = _RANGES[op](inner.range) if op in _RANGES else ranges.ANY
    return Inferred(_grouped(expr, labels), _dimension(expr.op, inner), values, inner.empty)


def _first(empty: Emptiness, count: Range) -> Emptiness:
    """Return the emptiness of the first `count` series of each group."""
    if ranges.holds("<", count, ranges.SINGLE) == "always":
        return "always"
    return empty if ranges.holds(">=", count, ranges.SINGLE) == "always" else weaker(empty)


def _most(expr: Aggregate, labels: Labels) -> int | None:
    """Return the largest number of series in one group; None if unknown."""
    replaced = _own_label(expr)
    if expr.without is not None:
        found = labels.most({*expr.without, NAME, *replaced})
    else:
        kept = set(expr.by or ()).difference(replaced)
        found = None if labels.open else labels.most(labels.named.keys() - kept)
    return found and max(found, 1)


def _grouped(expr: Aggregate, labels: Labels) -> Labels:
    if expr.without is not None:
        return labels.without((*expr.without, NAME))
    return labels.only((*(expr.by or ()), *_own_label(expr)))


def _own_label(expr: Aggregate) -> tuple[str, ...]:
    """Return the label that `count_values` sets."""
    return (expr.parameter.value,) if isinstance(expr.parameter, Text) else ()


def _dimension(op: str, inner: Inferred) -> Dimension | None:
    """Return the dimension of an aggregation's result."""
    if op in _COUNTING:
        return ONE
    if op in ("sum", "stdvar"):
        return (without_moments if op == "sum" else squared)(inner.dimension)
    return difference(inner.dimension) if op == "stddev" else inner.dimension


_PARTS: Final = frozenset({"sum", "count", "max"})  # that of a part is at most that of the whole


def _is_share(expr: Binary, facts: Facts) -> bool:
    """Return whether an aggregation is divided by the same one of more series, none of them negative.

    The part may be 0 where it has no series: `(part or 0 * whole) / whole`.
    """
    part, whole = expr.left, expr.right
    if isinstance(part, Binary) and part.op == "or" and _matches_all(part) and _is_none_of(part.right, whole):
        part = part.left
    if not isinstance(part, Aggregate) or not isinstance(whole, Aggregate) or not _matches_all(expr):
        return False
    mine, others = list(vectors(part)), list(vectors(whole))
    if whole.op not in _PARTS or not _is_of_each(whole.expr) or len(mine) != 1 or not mine[0].metric:
        return False
    is_alike = map_vectors(part, lambda vector: replace(vector, matchers=others[0].matchers)) == whole
    is_subset = facts_of(mine[0], facts).implies(mine[0].matchers, others[0].matchers)
    is_positive = whole.op == "count" or inferred(whole.expr, facts).range.is_never_negative
    return is_alike and is_subset and is_positive


def _matches_all(expr: Binary) -> bool:
    """Return whether series match on all their labels."""
    return expr.on is None and not expr.ignoring and expr.many is None


def _is_none_of(expr: Expr, whole: Expr) -> bool:
    """Return whether the expression is 0 times the whole."""
    zero = Number(Fraction(0))
    return (
        isinstance(expr, Binary)
        and expr.op == "*"
        and (expr.left, expr.right) in ((zero, whole), (whole, zero))
    )


def _is_of_each(expr: Expr) -> bool:
    """Return whether each series of a selector gives one value that does not depend on the others."""
    if isinstance(expr, Call) and expr.function in OF_WINDOW:
        return all(isinstance(each, Vector | Number) for each in expr.arguments)
    return isinstance(expr, Vector)


def _at_most_one(found: Inferred) -> Inferred:
    share = Interval(None, Fraction(1))
    interval, outer = shared(found.range.interval, share), shared(found.range.outer, widened(share))
    if interval is None or outer is None:
        return found
    return replace(found, range=replace(found.range, interval=interval, outer=outer))
