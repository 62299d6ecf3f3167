"""Vectors whose series do not match, or match several ones."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from victor_monitoring.promql.grammar import SET_OPERATORS
from victor_monitoring.promql.inference.facts import facts_of
from victor_monitoring.promql.inference.labels import Key, Labels
from victor_monitoring.promql.inference.operators import key_of
from victor_monitoring.promql.review.reviewed import Remark, Reviewed, span_of
from victor_monitoring.promql.signatures import SCALAR
from victor_monitoring.promql.tree import Aggregate, Binary, Call, Expr, Subquery, Text, Unary, Vector
from victor_monitoring.promql.types import type_of

_RELABELING: Final = frozenset({"label_replace", "label_join"})


def of_vectors(reviewed: Reviewed) -> Iterator[tuple[Binary, Key]]:
    """Yield the operations of two vectors, with the labels on which these match."""
    for expr, _ in reviewed.places():
        if isinstance(expr, Binary) and SCALAR not in (type_of(expr.left), type_of(expr.right)):
            yield expr, key_of(expr)


def unmatched_vectors(reviewed: Reviewed) -> Iterator[Remark]:
    """Yield the operations of vectors of which no two series match."""
    for expr, key in of_vectors(reviewed):
        left, right = reviewed.of(expr.left), reviewed.of(expr.right)
        if expr.op == "or" or "always" in (left.empty, right.empty):
            continue
        for name in _apart(key, left.labels, right.labels):
            mine, others = (_label(name, each.labels) for each in (left, right))
            message = f"no series match: the left side {mine}, the right side {others}"
            yield Remark(
                span_of(expr), message, "match `on (..)` labels that both sides have, or `ignoring (..)`"
            )
            break


def _apart(key: Key, left: Labels, right: Labels) -> Iterator[str]:
    """Yield the labels on which series match, and which are never equal."""
    names = left.named.keys() | right.named.keys() | (frozenset() if key.is_excluding else key.names)
    for name in sorted(names):
        if key.has(name) and left[name].both(right[name]).is_impossible:
            yield name


def _label(name: str, labels: Labels) -> str:
    options = labels[name].options
    if options is None:
        return f"has a label `{name}`"
    if options == {""}:
        return f"has no label `{name}`"
    shown = " or ".join(f"`{each}`" for each in sorted(options)[:3]) + (
        " or others" if len(options) > 3 else ""
    )
    return f"has `{name}` {shown}"


def ambiguous_match(reviewed: Reviewed) -> Iterator[Remark]:
    """Yield the operations of which several series of a side can match where only one may."""
    for expr, key in of_vectors(reviewed):
        if expr.op in SET_OPERATORS or "always" in (
            reviewed.of(expr.left).empty,
            reviewed.of(expr.right).empty,
        ):
            continue
        for which, side in (("left", expr.left), ("right", expr.right)):
            extra = sorted(
                each for each in differing(reviewed, side).difference(expr.include) if not key.has(each)
            )
            if extra and expr.many != which:
                message = f"several series of the {which} side can match one: they differ by `{extra[0]}`"
                hint = f"aggregate the {which} side without `{extra[0]}`"
                if expr.many is None:
                    hint += f", match on it, or write `group_{which}`"
                yield Remark(span_of(expr), message, hint)
                break


def differing(reviewed: Reviewed, expr: Expr) -> frozenset[str]:
    """Return labels by which the series of a vector are known to differ."""
    found = _differing(reviewed, expr)
    labels = reviewed.of(expr).labels
    return frozenset(each for each in found if (options := labels[each].options) is None or len(options) > 1)


def _differing(reviewed: Reviewed, expr: Expr) -> frozenset[str]:
    match expr:
        case Vector():
            return frozenset(facts_of(expr, reviewed.facts).labels)
        case Aggregate("topk" | "bottomk", inner, by, parameter):
            is_one = parameter is not None and reviewed.of(parameter).range.constant == 1
            return frozenset(by or ()) if is_one and expr.without is None else differing(reviewed, inner)
        case Aggregate(_, inner, by, parameter):
            own = {parameter.value} if isinstance(parameter, Text) else set()
            kept = (
                differing(reviewed, inner) - set(expr.without) if expr.without is not None else set(by or ())
            )
            return frozenset(kept | own)
        case Call(function, arguments) if function in _RELABELING:
            target, *others = (each.value for each in arguments[1:] if isinstance(each, Text))
            sources = others[1:2] if function == "label_replace" else others[1:]
            return differing(reviewed, arguments[0]) - set(sources) | {target}
        case Call(_, arguments):
            of = [each for each in arguments if type_of(each) != SCALAR and not isinstance(each, Text)]
            return differing(reviewed, of[0]) - {"le"} if of else frozenset()
        case Subquery(inner) | Unary(_, inner):
            return differing(reviewed, inner)
        case Binary():
            return _of_operation(reviewed, expr)
    return frozenset()


def _of_operation(reviewed: Reviewed, expr: Binary) -> frozenset[str]:
    """Return the labels by which the results of an operation are known to differ."""
    if type_of(expr.left) == SCALAR:
        return differing(reviewed, expr.right)
    if type_of(expr.right) == SCALAR or expr.op in ("and", "unless") or expr.many == "left":
        return differing(reviewed, expr.left)
    if expr.op == "or":
        return differing(reviewed, expr.left) | differing(reviewed, expr.right)
    if expr.many == "right":
        return differing(reviewed, expr.right)
    left = differing(reviewed, expr.left)
    return left & frozenset(expr.on) if expr.on is not None else left - frozenset(expr.ignoring or ())
