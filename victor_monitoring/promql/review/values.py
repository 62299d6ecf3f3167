"""Comparisons whose result does not depend on samples, and values that are no number."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Final

from victor_monitoring.promql.grammar import COMPARISONS
from victor_monitoring.promql.inference import ranges
from victor_monitoring.promql.inference.operators import Inferred
from victor_monitoring.promql.inference.ranges import Range
from victor_monitoring.promql.printer import brief, number_text
from victor_monitoring.promql.review.reviewed import Remark, Reviewed, span_of
from victor_monitoring.promql.tree import Aggregate, Binary, Call, Expr, Unary, nodes, number

_QUANTILES: Final = frozenset({"histogram_quantile", "histogram_avg", "histogram_fraction"})
_COUNTING: Final = frozenset({"count", "count_values", "group"})


def impossible_comparison(reviewed: Reviewed) -> Iterator[Remark]:
    """Yield the comparisons that never hold."""
    for expr, left, right in _comparisons(reviewed):
        if ranges.holds(expr.op, left.range, right.range) == "never":
            message = f"`{expr.op}` never holds: {_values(left, right)}"
            yield Remark(span_of(expr), message, _possible(expr))


def _possible(expr: Binary) -> str:
    if isinstance(expr.left, Aggregate) and expr.left.op in _COUNTING and expr.right == number(0):
        return f"nothing to count is no value, not 0: write `absent({brief(expr.left.expr)})`"
    return "compare with a value that is possible"


def redundant_comparison(reviewed: Reviewed) -> Iterator[Remark]:
    """Yield the comparisons that always hold, apart from those that say in words that there is a value."""
    for expr, left, right in _comparisons(reviewed):
        values = [replace(each.range, nan=False) for each in (left, right)]
        is_said = left.range.low is not None and left.range.low > 0 and right.range.constant in (0, 1)
        if ranges.holds(expr.op, *values) == "always" and not is_said:
            message = f"`{expr.op}` always holds: {_values(left, right)}"
            yield Remark(
                span_of(expr),
                message,
                "leave the comparison out, or compare with a value that is not always reached",
            )


def _comparisons(reviewed: Reviewed) -> Iterator[tuple[Binary, Inferred, Inferred]]:
    for expr, _ in reviewed.places():
        if isinstance(expr, Binary) and expr.op in COMPARISONS:
            left, right = reviewed.of(expr.left), reviewed.of(expr.right)
            if "always" not in (left.empty, right.empty):
                yield expr, left, right


def _values(left: Inferred, right: Inferred) -> str:
    return f"the left side is {_value(left.range)}, the right side {_value(right.range)}"


def _value(found: Range) -> str:
    low, high = found.interval.low, found.interval.high
    if low is not None and high is not None:
        one, other = number_text(low), number_text(high)
        return one if low == high else f"from {one} to {other}"
    return f"at least {number_text(low)}" if low is not None else f"at most {number_text(high or 0)}"


def firing_nan(reviewed: Reviewed) -> Iterator[Remark]:
    """Yield the comparisons by `!=` of values that can be NaN, which differs from every value."""
    for expr, _ in reviewed.places():
        if isinstance(expr, Binary) and expr.op == "!=":
            for side in (expr.left, expr.right):
                source = _nan(reviewed, side)
                if source:
                    message = f"`!=` holds for NaN, which {source} without data"
                    hint = "compare with `<` and `>`, or leave out the series where it divides by 0"
                    yield Remark(span_of(expr), message, hint)
                    break


def _nan(reviewed: Reviewed, expr: Expr) -> str:
    """Return in words which part of a value can be computed as NaN; empty if none can."""
    match expr:
        case Binary("/" | "%" as op, left, right):
            sides = (reviewed.of(left).range, reviewed.of(right).range)
            can_be_zero = sides[1].outer.has_zero and not _is_guarded(reviewed, right)
            if can_be_zero and (op == "%" or sides[0].outer.has_zero):
                return f"`{op}` gives for 0 / 0" if op == "/" else "`%` gives for a divisor of 0"
            return _nan(reviewed, left) or _nan(reviewed, right)
        case Binary("and" | "unless", left):
            return _nan(reviewed, left)
        case Binary(op, left, right) if op not in COMPARISONS:
            return _nan(reviewed, left) or _nan(reviewed, right)
        case Call(function) if function in _QUANTILES:
            return f"`{function}` gives"
        case Aggregate(op, inner) if op not in _COUNTING:
            return _nan(reviewed, inner)
        case Unary(_, inner) | Call("abs" | "ceil" | "floor" | "round" | "label_replace", (inner, *_)):
            return _nan(reviewed, inner)
    return ""


def _is_guarded(reviewed: Reviewed, divisor: Expr) -> bool:
    """Return whether the expression leaves out the series where a divisor is 0."""
    guards = [
        each for each in nodes(reviewed.expr, Binary) if each.op in (">", "!=") and each.right == number(0)
    ]
    return divisor in guards or any(each.left == divisor for each in guards)
