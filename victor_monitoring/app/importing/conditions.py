"""The conditions of alerts, and quantities as a spec writes them."""

from __future__ import annotations

import operator
from fractions import Fraction
from typing import Any, Final

from victor_monitoring.promql.signatures import VECTOR
from victor_monitoring.promql.tree import Binary, Call, Expr, Number, mapped
from victor_monitoring.promql.types import type_of
from victor_monitoring.signals.quantity import ABSENT, OPERATORS, PRESENT, parse_quantity
from victor_monitoring.signals.units import COUNT, UNITS, Unit

_ARITHMETIC: Final[dict[str, Any]] = {"+": operator.add, "-": operator.sub, "*": operator.mul}


def condition(expr: Expr) -> tuple[Expr, str, Fraction | None]:
    """Return the watched expression, and the condition on it: an operator with a threshold, or a word."""
    match expr:
        case Call("absent", (inner,)) if type_of(inner) == VECTOR:
            return inner, ABSENT, None
        case Binary(op, left, right, as_bool=False) if op in OPERATORS and type_of(left) == VECTOR:
            threshold = folded(right)
            if isinstance(threshold, Number) and _is_short(threshold.value):
                return left, op, Fraction(threshold.value)
    return expr, PRESENT, None


def folded(expr: Expr) -> Expr:
    """Return the expression with sums and products of numbers computed, where floats give the same number."""
    return mapped(expr, _computed)


def _computed(expr: Expr) -> Expr:
    match expr:
        case Binary(op, Number(Fraction() as left), Number(Fraction() as right)) if op in _ARITHMETIC:
            exact = _ARITHMETIC[op](left, right)
            return Number(exact) if float(exact) == _ARITHMETIC[op](float(left), float(right)) else expr
        case _:
            return expr


def _is_short(value: Fraction | float) -> bool:
    """Return whether the number is finite, and has so few digits that a spec can have it."""
    if not isinstance(value, Fraction):
        return False
    try:
        parse_quantity(COUNT.quantity(value))
    except ValueError:
        return False
    return True


def quantity(value: Fraction, unit: Unit) -> str:
    """Return an amount in the largest unit in which it is a short number."""
    if unit.is_bare or value <= 0:
        return unit.quantity(value)
    sizes = sorted(dict(UNITS[unit.base].suffixes).items(), key=lambda pair: -pair[1])
    for suffix, size in sizes:
        count = value * unit.scale / size
        if count >= 1 and count.denominator == 1 and suffix not in ("us", "µs"):
            return f"{count.numerator}{suffix}"
    return unit.quantity(value)
