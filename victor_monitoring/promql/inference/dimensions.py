"""Dimensions of values, and those of the results of operators."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, replace
from fractions import Fraction
from typing import Final


@dataclass(frozen=True, slots=True)
class Dimension:
    """Powers of base units, sorted by their names, and the size of a unit of the values in these.

    `scale` is None if it is unknown: a factor may convert a value to another unit, or be a part of it. A
    moment is a time since 1970: a difference of two moments is a duration.
    """

    powers: tuple[tuple[str, int], ...] = ()
    scale: Fraction | None = Fraction(1)
    is_moment: bool = False


ONE: Final = Dimension()
SECONDS: Final = Dimension((("seconds", 1),))
MOMENT: Final = replace(SECONDS, is_moment=True)
FACTOR: Final = replace(ONE, scale=None)  # of a constant that may convert units


def product(one: Dimension | None, other: Dimension | None, sign: int = 1) -> Dimension | None:
    """Return the dimension of a product, or of a quotient if `sign` is -1."""
    if one is None or other is None or one.is_moment or other.is_moment:
        return None
    powers = Counter(dict(one.powers))
    for name, power in other.powers:
        powers[name] += sign * power
    scale = None if one.scale is None or other.scale is None else one.scale * other.scale**sign
    return Dimension(tuple(sorted((name, power) for name, power in powers.items() if power)), scale)


def power(one: Dimension | None, exponent: Fraction) -> Dimension | None:
    """Return the dimension of a value to the power of a constant; None unless all powers are whole."""
    if one is None or one.is_moment:
        return None
    powers = [(name, each * exponent) for name, each in one.powers]
    if any(each.denominator != 1 for _, each in powers):
        return None
    is_exact = one.scale is not None and exponent.denominator == 1
    scale = one.scale**exponent.numerator if is_exact and one.scale else None
    if one.scale == 1:
        scale = Fraction(1)
    return Dimension(tuple((name, int(each)) for name, each in powers if each), scale)


def per_second(one: Dimension | None) -> Dimension | None:
    """Return the dimension of a growth per second."""
    return product(difference(one), SECONDS, -1)


def difference(one: Dimension | None) -> Dimension | None:
    """Return the dimension of the difference of two such values."""
    return one and replace(one, is_moment=False)


def alike(one: Dimension | None, other: Dimension | None) -> Dimension | None:
    """Return the common dimension of two values; None if they differ."""
    if one is None or other is None or (one.powers, one.is_moment) != (other.powers, other.is_moment):
        return None
    if one.scale == other.scale or other.scale is None:
        return other
    return one if one.scale is None else None


def total(one: Dimension | None, other: Dimension | None, sign: int) -> Dimension | None:
    """Return the dimension of a sum, or of a difference if `sign` is -1."""
    if one is None or other is None:
        return None
    common = alike(difference(one), difference(other))
    if common is None or (other.is_moment and one.is_moment == (sign > 0)):
        return None
    return replace(common, is_moment=one.is_moment != other.is_moment)
