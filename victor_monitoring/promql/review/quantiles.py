"""Quantiles that are aggregated further."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from victor_monitoring.promql.inference.facts import facts_of
from victor_monitoring.promql.review.reviewed import Remark, Reviewed, span_of
from victor_monitoring.promql.signatures import SCALAR
from victor_monitoring.promql.tree import Aggregate, Binary, Call, Expr, Vector
from victor_monitoring.promql.types import type_of

_COMBINING: Final = frozenset({"sum", "avg", "stddev", "stdvar"})
_QUANTILE: Final = "quantile"


def combined_quantiles(reviewed: Reviewed) -> Iterator[Remark]:
    """Yield the sums and averages of quantiles."""
    for expr, _ in reviewed.places():
        if isinstance(expr, Aggregate) and expr.op in _COMBINING and _is_quantile(reviewed, expr.expr):
            message = f"the `{expr.op}` of quantiles is no quantile of all observations"
            hint = "add the buckets before: `histogram_quantile(q, sum by (le) (..))`, or use `max`"
            yield Remark(span_of(expr, len(expr.op)), message, hint)


def _is_quantile(reviewed: Reviewed, expr: Expr) -> bool:
    match expr:
        case Call("histogram_quantile" | "quantile_over_time") | Aggregate("quantile"):
            return True
        case Vector():
            is_read = any(each.label == _QUANTILE and not each.matches("") for each in expr.matchers)
            return is_read or _QUANTILE in facts_of(expr, reviewed.facts).labels
        case Aggregate("max" | "min", inner) | Call("label_replace" | "avg_over_time", (inner, *_)):
            return _is_quantile(reviewed, inner)
        case Binary("*" | "/" | "+" | "-", left, right):
            sides = [side for side in (left, right) if type_of(side) != SCALAR]
            return len(sides) == 1 and _is_quantile(reviewed, sides[0])
    return False
