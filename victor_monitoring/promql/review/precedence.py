"""Operators without parentheses that bind otherwise than a reader may think."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from victor_monitoring.promql.grammar import COMPARISONS
from victor_monitoring.promql.review.reviewed import Remark, Reviewed, span_of
from victor_monitoring.promql.tree import Binary, Expr, Unary, filters


def misleading_precedence(reviewed: Reviewed) -> Iterator[Remark]:
    """Yield the operators without parentheses that bind otherwise than they look."""
    nesting = reviewed.nesting()
    for outer, _ in reviewed.places():
        match outer:
            case Unary(op, Binary("^") as inner) if _is_bare(inner, outer, nesting):
                message = f"`^` binds before `{op}`: the sign is that of the power"
                yield Remark(span_of(outer, 1), message, f"write `{op}(a ^ b)` or `({op}a) ^ b`")
            case Binary(_, left, right):
                if isinstance(left, Binary) and _is_bare(left, outer, nesting):
                    yield from _of_left(outer, left)
                if isinstance(right, Binary) and _is_bare(right, outer, nesting):
                    yield from _of_right(outer, right)


def _is_bare(inner: Binary, outer: Expr, nesting: Mapping[int, int]) -> bool:
    """Return whether an operand is an operation without parentheses around it."""
    return nesting.get(span_of(inner)[0]) == nesting.get(span_of(outer)[0])


def _of_left(outer: Binary, inner: Binary) -> Iterator[Remark]:
    if outer.op == "or" and inner.op in ("and", "unless"):
        yield _before_or(inner)
    elif outer.op == "and" and inner.op == "unless":
        message = "`unless` is applied first: `and` does not belong to its right side"
        yield Remark(span_of(inner), message, "write `(a unless b) and c` or `a unless (b and c)`")


def _of_right(outer: Binary, inner: Binary) -> Iterator[Remark]:
    if outer.op == "or" and inner.op in ("and", "unless"):
        yield _before_or(inner)
    elif outer.op == "or" and inner.op in COMPARISONS and not inner.as_bool and not filters(outer.left):
        message = f"`{inner.op}` binds before `or`: it does not apply to the left side of `or`"
        yield Remark(span_of(inner), message, f"write `(a or b) {inner.op} c` or `a or (b {inner.op} c)`")


def _before_or(inner: Binary) -> Remark:
    message, hint = (
        f"`{inner.op}` binds before `or`",
        f"write `(a {inner.op} b) or c` or `a {inner.op} (b or c)`",
    )
    return Remark(span_of(inner), message, hint)
