"""Expressions as text: PromQL with few parentheses, and short texts of nodes."""

from __future__ import annotations

import math
from collections.abc import Iterable
from fractions import Fraction
from typing import Final

from victor_monitoring.promql.duration import duration_text
from victor_monitoring.promql.grammar import (
    ALWAYS_KEYWORDS,
    COMPARISONS,
    LEGACY_METRIC,
    NUMBER_WORDS,
    POWER,
    PRECEDENCE,
    SIGN,
    label_text,
    quoted,
)
from victor_monitoring.promql.tree import (
    Aggregate,
    Binary,
    Call,
    Expr,
    Instant,
    Number,
    Subquery,
    Text,
    Unary,
    Vector,
    filters,
    nodes,
)

_LOOSE: Final = POWER + 1  # every operator binds less
_MOST_DIGITS: Final = 21  # a number with more of them is printed with an exponent


def text(expr: Expr) -> str:
    """Return the expression as PromQL, with parentheses where they are needed, or a reader may think so."""
    match expr:
        case Number(value):
            return number_text(value)
        case Text(value):
            return quoted(value)
        case Vector():
            window = f"[{duration_text(expr.window)}]" if expr.window else ""
            return _selector(expr) + window + _moved(expr.offset, expr.at)
        case Subquery(inner, window, step, offset, at):
            every = "" if step is None else duration_text(step)
            return f"{_left(inner, POWER + 1)}[{duration_text(window)}:{every}]{_moved(offset, at)}"
        case Call(function, arguments):
            return f"{function}({', '.join(map(text, arguments))})"
        case Aggregate(op, inner, by, parameter, without):
            first = "" if parameter is None else f"{text(parameter)}, "
            return f"{op}{_grouping(by, without)}({first}{text(inner)})"
        case Unary(op, inner):
            return f"{op}{_right(inner, POWER + 1)}"
        case Binary(op, left, right):
            mine, is_power = PRECEDENCE[op], op == "^"
            first = _left(left, _LOOSE if _is_misread(op, left) else mine + is_power)
            is_misread = _is_misread(op, right) or (op == "or" and not filters(left) and _compares(right))
            second = _right(right, _LOOSE if is_misread else mine + 1 - is_power)
            return f"{first} {op}{_modifiers(expr)} {second}"


def number_text(value: Fraction | float) -> str:
    """Return `value` as the shortest decimal; as that of the nearest double if no finite one exists."""
    if isinstance(value, float):
        return "NaN" if math.isnan(value) else "Inf" if value > 0 else "-Inf"
    rest, digits = value.denominator, 0
    while rest % 10 == 0:
        rest, digits = rest // 10, digits + 1
    twos = fives = 0
    while rest % 2 == 0:
        rest, twos = rest // 2, twos + 1
    while rest % 5 == 0:
        rest, fives = rest // 5, fives + 1
    if rest != 1:
        return repr(float(value))
    digits += max(twos, fives)
    sign = "-" if value < 0 else ""
    scaled = str(abs(value.numerator) * 10**digits // value.denominator)
    whole = scaled.rstrip("0")
    if whole and max(len(scaled), digits) > _MOST_DIGITS:
        return f"{sign}{whole}e{len(scaled) - len(whole) - digits}"
    if not digits:
        return sign + scaled
    scaled = scaled.rjust(digits + 1, "0")
    return f"{sign}{scaled[:-digits]}.{scaled[-digits:]}".rstrip("0")


def brief(expr: Expr) -> str:
    """Return a short text of the node, with its operands abbreviated."""
    match expr:
        case Binary(op, _, Number() as right, _, as_bool):
            return f"{op}{' bool' if as_bool else ''} {text(right)}"
        case Binary(op, left, right):
            return f"{_head(left)} {op} {_head(right)}"
        case Aggregate(op):
            return f"{op} {_head(expr.expr)}"
        case Call("histogram_quantile", (q, *_)):
            return f"histogram_quantile {text(q)}"
        case _:
            return text(expr)


def _left(expr: Expr, least: int) -> str:
    """Return the text of an operand before its operator, in parentheses if it binds less than `least`."""
    is_signed = isinstance(expr, Unary) or (isinstance(expr, Number) and expr.value < 0)
    return f"({text(expr)})" if is_signed and least > SIGN else _right(expr, least)


def _right(expr: Expr, least: int) -> str:
    """Return the text of an operand behind its operator: a sign there needs no parentheses."""
    needs_them = isinstance(expr, Binary) and PRECEDENCE[expr.op] < least
    return f"({text(expr)})" if needs_them else text(expr)


def _is_misread(op: str, inner: Expr) -> bool:
    """Return whether an operand that binds more than its set operator looks as if it bound less."""
    if not isinstance(inner, Binary):
        return False
    return inner.op == "unless" if op == "and" else op == "or" and inner.op in ("and", "unless")


def _compares(expr: Expr) -> bool:
    return isinstance(expr, Binary) and expr.op in COMPARISONS and not expr.as_bool


def _selector(vector: Vector) -> str:
    matchers = [str(each) for each in vector.matchers]
    name = vector.metric
    if name and (not LEGACY_METRIC.fullmatch(name) or name.lower() in ALWAYS_KEYWORDS):
        name, matchers = "", [quoted(name), *matchers]
    return f"{name}{{{','.join(matchers)}}}" if matchers else name


def _labels(names: Iterable[str]) -> str:
    return ", ".join(quoted(name) if name.lower() in NUMBER_WORDS else label_text(name) for name in names)


def _grouping(by: tuple[str, ...] | None, without: tuple[str, ...] | None) -> str:
    if by is not None:
        return f" by ({_labels(by)}) "
    return f" without ({_labels(without)}) " if without is not None else ""


def _modifiers(expr: Binary) -> str:
    modifiers = " bool" if expr.as_bool else ""
    if expr.on is not None:
        modifiers += f" on ({_labels(expr.on)})"
    elif expr.ignoring is not None:
        modifiers += f" ignoring ({_labels(expr.ignoring)})"
    if expr.many is not None:
        modifiers += f" group_{expr.many} ({_labels(expr.include)})"
    return modifiers


def _moved(offset: int, at: Instant | None) -> str:
    """Return the modifiers `@` and `offset`."""
    moved = ""
    if isinstance(at, int):
        moved += f" @ {number_text(Fraction(at, 1000))}"
    elif at is not None:
        moved += f" @ {at}()"
    if offset:
        moved += f" offset {'-' if offset < 0 else ''}{duration_text(abs(offset))}"
    return moved


def _head(expr: Expr) -> str:
    vector = next(nodes(expr, Vector), None)
    return text(vector or expr)
