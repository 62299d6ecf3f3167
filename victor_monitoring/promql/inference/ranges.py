"""Ranges of floating-point values: their bounds, and whether they can be NaN or infinite."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, replace
from fractions import Fraction
from typing import Final, Literal, TypeAlias

from victor_monitoring.promql.inference.intervals import (
    UNBOUNDED,
    Interval,
    added,
    divided,
    hull,
    multiplied,
    negated,
    powers,
    remainders,
    shared,
    subtracted,
    widened,
)

Holds: TypeAlias = Literal["always", "never", "possibly"]
_MOST_POWER: Final = 32
_PI: Final = Fraction(math.pi)


@dataclass(frozen=True, slots=True)
class Range:
    """The values of an expression: those of `interval`; rounding can carry them as far as `outer`.

    `nan` and `infinite` say whether such values are possible. A value that is `unsigned` has no minus: it is
    not negative, and no -0, by which a quotient is -Inf.
    """

    interval: Interval
    outer: Interval
    nan: bool = True
    infinite: bool = True
    unsigned: bool = False

    def __post_init__(self) -> None:
        object.__setattr__(self, "infinite", self.infinite and not self.outer.is_bounded)
        object.__setattr__(self, "unsigned", self.unsigned or self.outer.ends[0] > 0)

    @property
    def low(self) -> Fraction | None:
        """The least value, None if there is none."""
        return self.interval.low

    @property
    def high(self) -> Fraction | None:
        """The greatest value, None if there is none."""
        return self.interval.high

    @property
    def constant(self) -> Fraction | None:
        """The only value, if there is only one."""
        return self.interval.low if self.interval.is_single and not self.nan else None

    @property
    def is_never_negative(self) -> bool:
        """Whether no value is below 0."""
        return self.outer.ends[0] >= 0

    @property
    def both_infinities(self) -> bool:
        """Whether values can be infinite in both directions."""
        return self.infinite and self.outer == UNBOUNDED

    @property
    def irregular(self) -> bool:
        """Whether a value can be NaN or infinite."""
        return self.nan or self.infinite


def exactly(
    low: Fraction | int | None = None,
    high: Fraction | int | None = None,
    *,
    nan: bool = False,
    infinite: bool = False,
    unsigned: bool = False,
) -> Range:
    """Return the range of values that are not computed: only bounds that are no double are rounded."""
    interval = Interval(None if low is None else Fraction(low), None if high is None else Fraction(high))
    is_double = all(each is None or Fraction(float(each)) == each for each in (interval.low, interval.high))
    return Range(interval, interval if is_double else widened(interval), nan, infinite, unsigned)


ANY: Final = exactly(nan=True, infinite=True)
TRUTH: Final = exactly(0, 1, unsigned=True)
SINGLE: Final = exactly(1, 1)


def constant(value: Fraction | float) -> Range:
    """Return the range of a number; that of NaN and of infinities has no bounds."""
    if isinstance(value, float):
        return exactly(nan=math.isnan(value), infinite=True)
    return exactly(value, value, unsigned=value == 0)


def mapped(apply: Callable[..., Interval], *ranges: Range, exact: bool = False, **flags: bool) -> Range:
    """Return the range of a function of intervals; its result is rounded unless it is `exact`.

    Without `flags` the result can be NaN or infinite if an argument can be. Finite values without bounds are
    taken to be too small to become infinite by the operators that are not the power.
    """
    outer = apply(*(each.outer for each in ranges))
    nan = flags.get("nan", any(each.nan for each in ranges))
    infinite = flags.get("infinite", any(each.infinite for each in ranges))
    overflows = all(each.outer.is_bounded for each in ranges) and not outer.is_bounded
    interval = apply(*(each.interval for each in ranges))
    unsigned = flags.get("unsigned", False)
    return Range(interval, outer if exact else widened(outer), nan, infinite or overflows, unsigned)


def minus(one: Range) -> Range:
    """Return the range of the values with the other sign."""
    return mapped(negated, one, exact=True)


def absolute(one: Range) -> Range:
    """Return the range of the absolute values."""
    return mapped(lambda interval: interval.size, one, exact=True, unsigned=True)


def either(one: Range, other: Range) -> Range:
    """Return the range of the values of both."""
    return mapped(hull, one, other, exact=True, unsigned=one.unsigned and other.unsigned)


def arithmetic(op: str, left: Range, right: Range) -> Range:
    """Return the range of the results of an operator that is no comparison."""
    nan, unsigned = left.nan or right.nan, left.unsigned and right.unsigned
    opposed = left.infinite and right.infinite
    match op:
        case "+" | "-":
            apply = added if op == "+" else subtracted
            return mapped(apply, left, right, nan=nan or opposed, unsigned=unsigned and op == "+")
        case "*":
            mixed = (left.infinite and right.outer.has_zero) or (right.infinite and left.outer.has_zero)
            return mapped(multiplied, left, right, nan=nan or mixed, unsigned=unsigned)
        case "/":
            return _quotient(left, right)
        case "%":
            nan = nan or left.infinite or right.outer.has_zero
            return mapped(remainders, left, right, nan=nan, infinite=False, unsigned=left.unsigned)
        case "^":
            return _power(left, right)
        case "atan2":
            return mapped(lambda *_: Interval(-_PI, _PI), left, right)
    return ANY


def _quotient(left: Range, right: Range) -> Range:
    has_zero = right.outer.has_zero
    nan = left.nan or right.nan or (left.outer.has_zero and has_zero) or (left.infinite and right.infinite)
    infinite = left.infinite or has_zero
    if has_zero and not right.unsigned:
        return exactly(nan=nan, infinite=infinite)
    return mapped(divided, left, right, nan=nan, infinite=infinite, unsigned=left.unsigned and right.unsigned)


def _power(left: Range, right: Range) -> Range:
    exponent = right.constant if right.outer.is_single else None
    if exponent is None or exponent.denominator != 1 or not 0 <= exponent <= _MOST_POWER:
        return exactly(0, nan=left.nan or right.nan, infinite=True, unsigned=True) if left.unsigned else ANY
    return mapped(
        lambda interval: powers(interval, int(exponent)),
        left,
        infinite=exponent > 1 or left.infinite,
        unsigned=left.unsigned,
    )


def flipped(op: str) -> str:
    """Return the comparison that holds with the sides exchanged."""
    return op.translate(str.maketrans("<>", "><"))


def holds(op: str, left: Range, right: Range) -> Holds:
    """Return whether a comparison holds, rounding and NaN considered."""
    if op in ("<", "<="):
        return holds(flipped(op), right, left)
    (low, high), (other_low, other_high) = left.outer.ends, right.outer.ends
    is_apart = high < other_low or low > other_high
    is_equal = left.outer.is_single and left.outer == right.outer
    surely, hardly = {
        ">": (low > other_high, high <= other_low),
        ">=": (low >= other_high, high < other_low),
        "==": (is_equal, is_apart),
        "!=": (is_apart, is_equal),
    }[op]
    nan = left.nan or right.nan
    if surely and not (nan and op != "!="):
        return "always"
    return "never" if hardly and not (nan and op == "!=") else "possibly"


def narrowed(op: str, left: Range, right: Range) -> Range:
    """Return the range of the left values for which a comparison holds; it must not hold `never`."""
    if op == "!=":
        return left

    def limits(other: Interval) -> Interval:
        return Interval(None if "<" in op else other.low, None if ">" in op else other.high)

    outer = shared(left.outer, limits(right.outer)) or left.outer
    interval = shared(left.interval, limits(right.interval)) or outer
    return replace(left, interval=interval, outer=outer, nan=False)


def compared(op: str, left: Range, right: Range) -> Range:
    """Return the range of a comparison with `bool`."""
    match holds(op, left, right):
        case "always":
            return SINGLE
        case "never":
            return exactly(0, 0, unsigned=True)
    return TRUTH
