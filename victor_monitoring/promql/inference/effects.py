"""Ranges and dimensions of the results of functions and aggregations, given those of the values."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import replace
from fractions import Fraction
from typing import Final, TypeAlias

from victor_monitoring.promql.inference import dimensions, ranges
from victor_monitoring.promql.inference.dimensions import ONE, Dimension
from victor_monitoring.promql.inference.intervals import Interval, monotone, multiples
from victor_monitoring.promql.inference.ranges import Range, exactly, mapped

_PI: Final = Fraction(math.pi)


def quantile(q: Range, one: Range) -> Range:
    """Return the range of quantiles, which lie between the values if `q` is a share."""
    if not is_share(q):
        return ranges.ANY
    return mapped(lambda each: each, one, nan=one.irregular, unsigned=one.unsigned)


def is_share(q: Range) -> bool:
    """Return whether the values are from 0 to 1."""
    return not q.nan and q.outer.ends[0] >= 0 and q.outer.ends[1] <= 1


def average(one: Range) -> Range:
    """Return the range of averages."""
    return mapped(lambda each: each, one, nan=one.nan or one.both_infinities, unsigned=one.unsigned)


def total(one: Range, most: int | None) -> Range:
    """Return the range of sums of up to `most` values."""
    nan = one.nan or one.both_infinities
    found = mapped(lambda each: multiples(each, most), one, nan=nan, unsigned=one.unsigned)
    return replace(found, infinite=one.infinite)


def deviation(one: Range, power: int) -> Range:
    """Return the range of standard deviations, or with `power` 2 of variances."""
    return mapped(lambda each: _half_width(each, power), one, nan=one.irregular, unsigned=True)


def _half_width(one: Interval, power: int) -> Interval:
    low, high = one.low, one.high
    return Interval(Fraction(0), None if low is None or high is None else ((high - low) / 2) ** power)


# The dimension and the range of results, given those of the values.
Effect: TypeAlias = tuple[Callable[[Dimension | None], Dimension | None], Callable[[Range], Range]]


def _same(one: Dimension | None) -> Dimension | None:
    return one


def _one(_: Dimension | None) -> Dimension | None:
    return ONE


def without_moments(one: Dimension | None) -> Dimension | None:
    """Return the dimension of a sum of any number of values: none for moments."""
    return None if one is None or one.is_moment else one


def squared(one: Dimension | None) -> Dimension | None:
    """Return the dimension of a variance."""
    return dimensions.power(dimensions.difference(one), Fraction(2))


def _growth(one: Range) -> Range:
    low = 0 if one.is_never_negative and not one.nan else None  # a NaN hides a decrease
    return exactly(low, nan=one.irregular, infinite=one.infinite, unsigned=low is not None)


def _change(one: Range) -> Range:
    return exactly(nan=one.irregular, infinite=one.infinite)


def _last_change(one: Range) -> Range:
    return replace(ranges.arithmetic("-", one, one), nan=one.irregular)


def unknown(_: Range) -> Range:
    """Return the range of any values."""
    return ranges.ANY


def _unchanged(one: Range) -> Range:
    return one


def _counted(least: int) -> Callable[[Range], Range]:
    return lambda _: exactly(least, unsigned=True)


# Functions that need two samples of a window.
OF_TWO: Final[Mapping[str, Effect]] = {
    "rate": (dimensions.per_second, _growth),
    "irate": (dimensions.per_second, _growth),
    "increase": (dimensions.difference, _growth),
    "delta": (dimensions.difference, _change),
    "idelta": (dimensions.difference, _last_change),
    "deriv": (dimensions.per_second, unknown),
    "predict_linear": (_same, unknown),
    "holt_winters": (_same, unknown),
    "double_exponential_smoothing": (_same, unknown),
}
OVER_TIME: Final[Mapping[str, Effect]] = {
    **OF_TWO,
    "resets": (_one, _counted(0)),
    "changes": (_one, _counted(0)),
    "avg_over_time": (_same, average),
    "min_over_time": (_same, _unchanged),
    "max_over_time": (_same, _unchanged),
    "last_over_time": (_same, _unchanged),
    "first_over_time": (_same, _unchanged),
    "sum_over_time": (without_moments, lambda one: total(one, None)),
    "count_over_time": (_one, _counted(1)),
    "present_over_time": (_one, lambda _: ranges.SINGLE),
    "stddev_over_time": (dimensions.difference, lambda one: deviation(one, 1)),
    "stdvar_over_time": (squared, lambda one: deviation(one, 2)),
}


def _floor(one: Fraction) -> Fraction:
    return Fraction(math.floor(one))


def _between(low: Fraction | int | None, high: Fraction | int | None) -> Callable[[Range], Range]:
    """Return the range of a function with these bounds, which is NaN outside of its domain."""
    bounds = Interval(*(each if each is None else Fraction(each) for each in (low, high)))
    return lambda one: mapped(lambda _: bounds, one, nan=True, infinite=True)


def _root(one: Range) -> Range:
    return exactly(0, nan=one.nan or not one.is_never_negative, infinite=one.infinite, unsigned=one.unsigned)


def _sign(one: Range) -> Range:
    low, high = (-1 if one.outer.ends[0] < 0 else 0), (1 if one.outer.ends[1] > 0 else 0)
    return exactly(1 if one.outer.ends[0] > 0 else low, high, nan=one.nan, unsigned=one.unsigned)


# Functions of each value: the dimension of a result and its range.
OF_VALUE: Final[Mapping[str, Effect]] = {
    "abs": (_same, ranges.absolute),
    "ceil": (
        _same,
        lambda one: mapped(monotone(lambda x: -_floor(-x)), one, exact=True, unsigned=one.unsigned),
    ),
    "floor": (_same, lambda one: mapped(monotone(_floor), one, exact=True, unsigned=one.unsigned)),
    "sgn": (_one, _sign),
    "exp": (_one, lambda one: exactly(0, nan=one.nan, infinite=True, unsigned=True)),
    "sqrt": (lambda one: dimensions.power(one, Fraction(1, 2)), _root),
    "sin": (_one, _between(-1, 1)),
    "cos": (_one, _between(-1, 1)),
    "tanh": (_one, _between(-1, 1)),
    "asin": (_one, _between(-_PI / 2, _PI / 2)),
    "acos": (_one, _between(0, _PI)),
    "atan": (_one, _between(-_PI / 2, _PI / 2)),
    "cosh": (_one, _between(1, None)),
}
CALENDAR: Final = {
    "minute": (0, 59), "hour": (0, 23), "day_of_week": (0, 6), "day_of_month": (1, 31),
    "day_of_year": (1, 366), "days_in_month": (28, 31), "month": (1, 12), "year": (None, None),
}  # fmt: skip


def limited(apply: Callable[[Interval, Interval], Interval], one: Range, limit: Range) -> Range:
    """Return the range of the larger or the smaller one of each value and a limit."""
    return mapped(apply, one, limit, exact=True, unsigned=one.unsigned and limit.unsigned)


def rounded(one: Range, to: Range) -> Range:
    """Return the range of multiples of `to` that are nearest to the values."""
    step = to.constant
    if step is None or step <= 0:
        return ranges.ANY
    found = mapped(
        monotone(lambda value: _floor(value / step + Fraction(1, 2)) * step), one, unsigned=one.unsigned
    )
    low, high = found.outer.low, found.outer.high  # the multiple that is nearest to these is uncertain
    if low is not None:
        low = max(low - step, Fraction(0)) if one.is_never_negative else low - step
    return replace(found, outer=Interval(low, None if high is None else high + step))
