"""Intervals of numbers and their arithmetic."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from fractions import Fraction
from typing import Final, TypeAlias

# An end of an interval, infinite if it is unbounded.
_End: TypeAlias = Fraction | float
_HUGE: Final = Fraction(10) ** 300  # near the largest double; a bound beyond it is none
_TINY: Final = 1 / _HUGE
_ROUNDING: Final = Fraction(1, 2**30)


@dataclass(frozen=True, slots=True)
class Interval:
    """The values from `low` to `high`, both included; None is unbounded and includes the infinity."""

    low: Fraction | None
    high: Fraction | None

    @property
    def is_bounded(self) -> bool:
        """Whether both ends are known."""
        return self.low is not None and self.high is not None

    @property
    def is_single(self) -> bool:
        """Whether there is one value only."""
        return self.low is not None and self.low == self.high

    @property
    def has_zero(self) -> bool:
        """Whether 0 is one of the values."""
        return self.ends[0] <= 0 <= self.ends[1]

    @property
    def ends(self) -> tuple[Fraction | float, Fraction | float]:
        """Both ends as numbers, infinite if unbounded."""
        return -math.inf if self.low is None else self.low, math.inf if self.high is None else self.high

    @property
    def size(self) -> Interval:
        """The absolute values."""
        low, high = self.ends
        return _between(max(low, -high, Fraction(0)), max(-low, high))


UNBOUNDED: Final = Interval(None, None)


def _between(low: _End, high: _End) -> Interval:
    return Interval(
        None if isinstance(low, float) or abs(low) > _HUGE else low,
        None if isinstance(high, float) or abs(high) > _HUGE else high,
    )


def widened(interval: Interval) -> Interval:
    """Return the interval with room for rounding, which never reaches beyond 0."""
    low, high = interval.low, interval.high
    if low:
        low = low - abs(low) * _ROUNDING
        low = Fraction(0) if 0 < low < _TINY else min(low, -_TINY) if low < 0 else low
    if high:
        high = high + abs(high) * _ROUNDING
        high = Fraction(0) if -_TINY < high < 0 else max(high, _TINY) if high > 0 else high
    return Interval(low, high)


def negated(one: Interval) -> Interval:
    """Return the values with the other sign."""
    return Interval(None if one.high is None else -one.high, None if one.low is None else -one.low)


def hull(one: Interval, other: Interval) -> Interval:
    """Return the least interval that contains both."""
    return _between(min(one.ends[0], other.ends[0]), max(one.ends[1], other.ends[1]))


def shared(one: Interval, other: Interval) -> Interval | None:
    """Return the values that both have; None if there are none."""
    low, high = max(one.ends[0], other.ends[0]), min(one.ends[1], other.ends[1])
    return _between(low, high) if low <= high else None


def raised(one: Interval, limit: Interval) -> Interval:
    """Return the larger one of each value and a limit."""
    return _between(*map(max, one.ends, limit.ends))


def lowered(one: Interval, limit: Interval) -> Interval:
    """Return the smaller one of each value and a limit."""
    return _between(*map(min, one.ends, limit.ends))


def monotone(function: Callable[[Fraction], Fraction]) -> Callable[[Interval], Interval]:
    """Return the application of a function that never decreases."""

    def apply(one: Interval) -> Interval:
        return _between(*(each if isinstance(each, float) else function(each) for each in one.ends))

    return apply


def added(one: Interval, other: Interval) -> Interval:
    """Return the sums."""
    return _between(one.ends[0] + other.ends[0], one.ends[1] + other.ends[1])


def subtracted(one: Interval, other: Interval) -> Interval:
    """Return the differences."""
    return added(one, negated(other))


def multiplied(one: Interval, other: Interval) -> Interval:
    """Return the products; that of 0 and an infinity is no number."""
    products = [_product(first, second) for first in one.ends for second in other.ends]
    return _between(min(products), max(products))


def _product(one: _End, other: _End) -> _End:
    if one == 0 or other == 0:
        return Fraction(0)
    if isinstance(one, Fraction) and isinstance(other, Fraction):
        return one * other
    return math.inf if (one > 0) == (other > 0) else -math.inf


def divided(one: Interval, other: Interval) -> Interval:
    """Return the quotients by divisors on one side of 0; a divisor of 0 has the sign of the others."""
    low, high = other.ends
    if low < 0:
        return UNBOUNDED if high >= 0 else divided(negated(one), negated(other))
    inverse = _between(_inverse(high), _inverse(low))
    return multiplied(one, inverse)


def _inverse(end: _End) -> _End:
    return math.inf if end == 0 else Fraction(0) if isinstance(end, float) else 1 / end


def remainders(one: Interval, other: Interval) -> Interval:
    """Return the remainders, which have the sign of the dividend."""
    most = min(one.size.ends[1], other.size.ends[1])
    return _between(Fraction(0) if one.ends[0] >= 0 else -most, Fraction(0) if one.ends[1] <= 0 else most)


def powers(one: Interval, exponent: int) -> Interval:
    """Return the values to the power of a whole number that is not negative."""
    base = one.size if exponent % 2 == 0 else one
    return monotone(lambda each: each**exponent)(base) if exponent else Interval(Fraction(1), Fraction(1))


def multiples(one: Interval, most: int | None) -> Interval:
    """Return the sums of 1 to `most` values; None if any number of values is added."""
    count = math.inf if most is None else Fraction(most)
    low, high = one.ends
    return _between(low if low >= 0 else _product(low, count), high if high <= 0 else _product(high, count))
