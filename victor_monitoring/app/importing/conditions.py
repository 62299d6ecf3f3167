"""The conditions of alerts, and quantities as a spec writes them."""

from __future__ import annotations

from fractions import Fraction

from victor_monitoring.promql.signatures import VECTOR
from victor_monitoring.promql.tree import Binary, Call, Expr, Number
from victor_monitoring.promql.types import type_of
from victor_monitoring.signals.quantity import ABSENT, OPERATORS, PRESENT, parse_quantity
from victor_monitoring.signals.units import COUNT, UNITS, Unit


def condition(expr: Expr) -> tuple[Expr, str, Fraction | None]:
    """Return the watched expression, and the condition on it: an operator with a threshold, or a word."""
    match expr:
        case Call("absent", (inner,)) if type_of(inner) == VECTOR:
            return inner, ABSENT, None
        case Binary(op, left, Number(Fraction() as value), as_bool=False) if (
            op in OPERATORS and type_of(left) == VECTOR and _is_short(value)
        ):
            return left, op, value
    return expr, PRESENT, None


def _is_short(value: Fraction) -> bool:
    """Return whether the number has so few digits that a spec can have it."""
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
