"""Counters that are read as levels, values that are read as counters, and windows too short for either."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from victor_monitoring.promql.duration import duration_text
from victor_monitoring.promql.grammar import COMPARISONS
from victor_monitoring.promql.inference.effects import OF_TWO
from victor_monitoring.promql.inference.facts import facts_of
from victor_monitoring.promql.review.reviewed import Remark, Reviewed, span_of
from victor_monitoring.promql.tree import Aggregate, Binary, Call, Expr, Number, Subquery, Vector, vectors

_OF_GROWTH: Final = frozenset({"rate", "irate", "increase"})
# Functions that do not read a counter's level: its growth, or whether and when there are samples.
_NOT_OF_LEVEL: Final = _OF_GROWTH | {
    "resets", "absent", "absent_over_time", "changes", "count_over_time", "deriv", "delta", "idelta",
    "predict_linear", "present_over_time", "timestamp",
}  # fmt: skip
_GUARDS: Final = frozenset({"and", "unless"})
_OF_PRESENCE: Final = frozenset({"count", "group"})
FEWEST: Final = 4  # scrapes in a window: `rate` needs two samples, and one scrape may fail


def raw_counter(reviewed: Reviewed) -> Iterator[Remark]:
    """Yield the counters whose total since the start of a process is used as a value."""
    for vector, around in reviewed.places():
        if not isinstance(vector, Vector) or not facts_of(vector, reviewed.facts).grows:
            continue
        name = vector.metric
        if not _is_growth_or_presence(name, around, vector):
            message = f"`{name}` only grows: its value is a total since its process started"
            hint = f"read how it grows: `rate({name}[5m])` or `increase({name}[5m])`"
            yield Remark(span_of(vector, len(name)), message, hint)


def _is_growth_or_presence(metric: str, around: tuple[Expr, ...], inner: Expr) -> bool:
    """Return whether only the growth or the presence of a counter matters to the value around it."""
    for outer in reversed(around):
        match outer:
            case Call(function) if function in _NOT_OF_LEVEL:
                return True
            case Aggregate(op) if op in _OF_PRESENCE and outer.expr is inner:
                return not _has_comparison(inner)
            case Binary("and" | "unless") if outer.right is inner:
                return not _has_comparison(inner)
            case Binary(op) if op in COMPARISONS and _is_with_zero(outer):
                return op == "==" or any(isinstance(each, Binary) and each.op in _GUARDS for each in around)
            case Binary() if _is_with_itself(outer, metric):
                return True
            case Binary("*") if Number(0) in (outer.left, outer.right):
                return True
        inner = outer
    return False


def _has_comparison(expr: Expr) -> bool:
    return isinstance(expr, Binary) and expr.op in COMPARISONS


def _is_with_zero(comparison: Binary) -> bool:
    """Return whether a counter is compared with 0: whether anything has happened yet."""
    return Number(0) in (comparison.left, comparison.right)


def _is_with_itself(expr: Binary, metric: str) -> bool:
    """Return whether a counter is compared with, or subtracted from, its own earlier value."""
    if expr.op not in COMPARISONS | {"-"}:
        return False
    return all(metric in {each.metric for each in vectors(side)} for side in (expr.left, expr.right))


def rate_of_gauge(reviewed: Reviewed) -> Iterator[Remark]:
    """Yield the functions of counters that are applied to a value that also falls."""
    for call, _ in reviewed.places():
        if not isinstance(call, Call) or call.function not in _OF_GROWTH:
            continue
        here, (argument, *_) = span_of(call, len(call.function)), call.arguments
        if isinstance(argument, Vector):
            known = reviewed.facts.get(argument.metric)
            if known is not None and not known.grows:
                message = f"`{call.function}` takes every decrease of `{argument.metric}` for a restart"
                instead = "delta" if call.function == "increase" else "deriv"
                yield Remark(here, message, f"use `{instead}` of a value that falls, too")
        elif isinstance(argument, Subquery) and (folded := _folded(argument.expr)):
            message = f"`{call.function}` of `{folded.op}` takes the restart of one series for that of all"
            yield Remark(here, message, f"aggregate last: `{folded.op}({call.function}(..))`")


def _folded(expr: Expr) -> Aggregate | None:
    """Return the aggregation of plain samples that an expression is, if it is one."""
    if isinstance(expr, Aggregate) and isinstance(expr.expr, Vector) and expr.op not in _OF_PRESENCE:
        return expr
    return None


def short_window(reviewed: Reviewed) -> Iterator[Remark]:
    """Yield the windows of functions of two samples that a failed scrape can leave without a value."""
    for call, _ in reviewed.places():
        if isinstance(call, Call) and call.function in OF_TWO:
            argument = call.arguments[0]
            if (
                isinstance(argument, Vector)
                and argument.window
                and argument.window < FEWEST * reviewed.scrape
            ):
                window, scrape = duration_text(argument.window), duration_text(reviewed.scrape)
                message = f"the window of {window} holds fewer than {FEWEST} scrapes, one every {scrape}"
                hint = f"make it at least {duration_text(FEWEST * reviewed.scrape)}"
                yield Remark(span_of(argument), message, hint)
