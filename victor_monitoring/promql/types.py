"""Types of expressions, and the mistakes in them for which Prometheus refuses an expression."""

from __future__ import annotations

import difflib
from collections.abc import Iterator
from typing import Final

from victor_monitoring.promql.grammar import COMPARISONS, SET_OPERATORS
from victor_monitoring.promql.lexer import PromqlError
from victor_monitoring.promql.prometheus_version import NEWEST, OLDEST, PrometheusVersion
from victor_monitoring.promql.signatures import FUNCTIONS, RANGE, SCALAR, STRING, VECTOR, ValueType
from victor_monitoring.promql.tree import (
    Aggregate,
    Binary,
    Call,
    Expr,
    Number,
    Span,
    Subquery,
    Text,
    Unary,
    Vector,
    children,
)

_NOWHERE: Span = (0, 1)
_ARTICLES = {SCALAR: "a scalar", VECTOR: "an instant vector", RANGE: "a range vector", STRING: "a string"}
FOLD: Final = "fold it: `increase(..)` of a counter, `max_over_time(..)` of other metrics"
_HINTS = {
    (VECTOR, RANGE): f"leave the window out, or {FOLD}",
    (RANGE, VECTOR): "give the selector a window: `[5m]`",
    (SCALAR, VECTOR): "make it a scalar: `scalar(..)`",
    (VECTOR, SCALAR): "make it a vector: `vector(..)`",
}


def type_of(expr: Expr) -> ValueType:
    """Return the type of an expression's value; that of an unknown function is taken for a vector."""
    match expr:
        case Number():
            return SCALAR
        case Text():
            return STRING
        case Subquery():
            return RANGE
        case Vector():
            return VECTOR if expr.window is None else RANGE
        case Call(function):
            return FUNCTIONS[function].result if function in FUNCTIONS else VECTOR
        case Unary(_, inner):
            return type_of(inner)
        case Binary(_, left, right):
            return SCALAR if type_of(left) == type_of(right) == SCALAR else VECTOR
        case Aggregate():
            return VECTOR


def faults(expr: Expr, prometheus: PrometheusVersion | None = None) -> Iterator[PromqlError]:
    """Yield why Prometheus refuses an expression that can be read: in this version, or in any without one."""
    for child in children(expr):
        yield from faults(child, prometheus)
    match expr:
        case Vector():
            yield from _of_selector(expr)
        case Subquery(inner):
            yield from _unless(inner, VECTOR, "a subquery")
        case Call():
            yield from _of_call(expr, prometheus)
        case Aggregate(op, inner, _, parameter):
            yield from _unless(inner, VECTOR, f"`{op}`")
            if parameter is not None:
                wanted: ValueType = STRING if op == "count_values" else SCALAR
                yield from _unless(parameter, wanted, f"the parameter of `{op}`")
        case Unary(op, inner) if type_of(inner) not in (SCALAR, VECTOR):
            message = f"`{op}` takes a scalar or an instant vector, found {_ARTICLES[type_of(inner)]}"
            yield PromqlError(message, expr.span or _NOWHERE, "leave the sign out")
        case Binary():
            yield from _of_operator(expr)


def _unless(expr: Expr, wanted: ValueType, what: str) -> Iterator[PromqlError]:
    found = type_of(expr)
    if found != wanted:
        message = f"{what} takes {_ARTICLES[wanted]}, found {_ARTICLES[found]}"
        hint = _HINTS.get((wanted, found), f"give {_ARTICLES[wanted]}")
        yield PromqlError(message, expr.span or _NOWHERE, hint)


def _of_selector(vector: Vector) -> Iterator[PromqlError]:
    if not vector.metric and all(each.matches("") for each in vector.matchers):
        hint = "name the metric, or match a label by a value that is not empty"
        yield PromqlError(
            "the selector has neither a name nor a matcher that needs a value", vector.span or _NOWHERE, hint
        )


def _of_call(call: Call, prometheus: PrometheusVersion | None) -> Iterator[PromqlError]:
    name, found = call.function, len(call.arguments)
    start = (call.span or _NOWHERE)[0]
    here = (start, start + len(name))
    signature = FUNCTIONS.get(name)
    if signature is None:
        near = difflib.get_close_matches(name.lower(), FUNCTIONS, 1)
        hint = f"did you mean `{near[0]}`?" if near else "functions behind feature flags are not supported"
        yield PromqlError(f"there is no function `{name}`", here, hint)
        return
    if (prometheus or OLDEST) < signature.since:
        message = f"Prometheus has `{name}` from {signature.since} on"
        yield PromqlError(message, here, f'use another one, or set `service.prometheus: "{signature.since}"`')
    if signature.until is not None and (prometheus or NEWEST) >= signature.until:
        message = f"Prometheus has no `{name}` from {signature.until} on"
        hint = f"use another one, or set `service.prometheus` to a version before {signature.until}"
        yield PromqlError(message, here, hint)
    if found < signature.fewest or (signature.most is not None and found > signature.most):
        fewest, most = signature.fewest, signature.most
        wanted = (
            f"{fewest}" if fewest == most else f"at least {fewest}" if most is None else f"{fewest} to {most}"
        )
        message = f"`{name}` takes {wanted} arguments, found {found}"
        yield PromqlError(message, here, f"its arguments: {', '.join(signature.arguments) or 'none'}")
        return
    for index, argument in enumerate(call.arguments):
        yield from _unless(argument, signature.argument(index), f"`{name}`")


def _of_operator(expr: Binary) -> Iterator[PromqlError]:
    here, op = expr.span or _NOWHERE, expr.op
    sides = (type_of(expr.left), type_of(expr.right))
    is_matching = bool(expr.on or expr.ignoring)
    if expr.as_bool and op not in COMPARISONS:
        yield PromqlError(f"`{op}` is no comparison and takes no `bool`", here, "leave `bool` out")
    for side, found in zip((expr.left, expr.right), sides, strict=True):
        if found not in (SCALAR, VECTOR):
            message = f"`{op}` takes scalars and instant vectors, found {_ARTICLES[found]}"
            hint = _HINTS.get((VECTOR, found), "leave it out")
            yield PromqlError(message, side.span or _NOWHERE, hint)
            return
    if sides == (SCALAR, SCALAR) and op in COMPARISONS and not expr.as_bool:
        yield PromqlError("a comparison of two scalars needs `bool`", here, f"write `{op} bool`")
    if SCALAR in sides and op in SET_OPERATORS:
        yield PromqlError(
            f"`{op}` takes instant vectors, found a scalar", here, "make it a vector: `vector(..)`"
        )
    elif SCALAR in sides and is_matching:
        yield PromqlError("only series of two instant vectors are matched", here, "leave the labels out")
    if op in SET_OPERATORS and expr.many is not None:
        yield PromqlError(f"`{op}` takes no `group_{expr.many}`", here, "it matches many to many by itself")
    both = set(expr.on or ()) & set(expr.include)
    if both:
        message = f"`{min(both)}` is matched on, and cannot be included, too"
        yield PromqlError(message, here, f"leave it out of `group_{expr.many}`")
