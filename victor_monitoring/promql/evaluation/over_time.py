"""Functions over the samples of a window, in one table."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from itertools import pairwise
from typing import Final

from victor_monitoring.promql.evaluation.aggregations import (
    deviation,
    largest,
    mean,
    quantile,
    smallest,
    total,
    variance,
)
from victor_monitoring.promql.evaluation.functions import increase, per_second, quotient
from victor_monitoring.promql.evaluation.vectors import EvaluationError, Window

# The value of a window, for further scalar arguments; None for no value.
OfWindow = Callable[[Window, Sequence[float]], float | None]


def _rate(window: Window, _: Sequence[float]) -> float | None:
    prometheus = window.moment.samples.prometheus
    return per_second(window.times, window.values, window.start, window.end, prometheus)


def _increase(window: Window, _: Sequence[float], *, is_counter: bool = True) -> float | None:
    prometheus = window.moment.samples.prometheus
    return increase(window.times, window.values, window.start, window.end, prometheus, is_counter=is_counter)


def _last_change(window: Window, *, is_counter: bool) -> float | None:
    if len(window.values) < 2:
        return None
    before, last = window.values[-2:]
    return last if is_counter and last < before else last - before


def _instant_rate(window: Window, _: Sequence[float]) -> float | None:
    change = _last_change(window, is_counter=True)
    return None if change is None else change / ((window.times[-1] - window.times[-2]) / 1000)


def _regression(window: Window, origin: int) -> tuple[float, float]:
    """Return the slope per second and the value at `origin` of a least-squares line."""
    values = window.values
    if all(value == values[0] for value in values):
        return (math.nan, math.nan) if math.isinf(values[0]) else (0.0, values[0])
    if window.moment.samples.prometheus.is_before_3 and any(map(math.isinf, values)):
        return math.nan, math.nan
    seconds = [(time - origin) / 1000 for time in window.times]
    count, sum_x, sum_y = len(values), total(seconds), total(values)
    products = total([x * y for x, y in zip(seconds, values, strict=True)])
    slope = quotient(
        products - sum_x * sum_y / count, total([x * x for x in seconds]) - sum_x * sum_x / count
    )
    return slope, sum_y / count - slope * sum_x / count


def _derivative(window: Window, _: Sequence[float]) -> float | None:
    return _regression(window, window.times[0])[0] if len(window.values) > 1 else None


def _prediction(window: Window, arguments: Sequence[float]) -> float | None:
    if len(window.values) < 2:
        return None
    slope, now = _regression(window, window.moment.at)
    return slope * arguments[0] + now


def _smoothed(window: Window, arguments: Sequence[float]) -> float | None:
    """Return the last value, smoothed exponentially with its trend."""
    smoothing, trend = arguments
    for factor in arguments:
        if factor <= 0 or factor >= 1:
            raise EvaluationError(f"invalid factor {factor}, which must be between 0 and 1")
    values = window.values
    if len(values) < 2:
        return None
    before, level, slope = 0.0, values[0], values[1] - values[0]
    for index, value in enumerate(values[1:]):
        if index:
            slope = trend * (level - before) + (1 - trend) * slope
        before, level = level, smoothing * value + (1 - smoothing) * (level + slope)
    return level


def _is_change(before: float, after: float) -> bool:
    return before != after and not (math.isnan(before) and math.isnan(after))


def _folding(fold: Callable[[Sequence[float]], float]) -> OfWindow:
    return lambda window, _: fold(window.values)


OF_WINDOW: Final[Mapping[str, OfWindow]] = {
    "rate": _rate,
    "increase": _increase,
    "delta": lambda window, _: _increase(window, (), is_counter=False),
    "irate": _instant_rate,
    "idelta": lambda window, _: _last_change(window, is_counter=False),
    "deriv": _derivative,
    "predict_linear": _prediction,
    "holt_winters": _smoothed,
    "double_exponential_smoothing": _smoothed,
    "resets": _folding(lambda values: float(sum(after < before for before, after in pairwise(values)))),
    "changes": _folding(lambda values: float(sum(_is_change(*pair) for pair in pairwise(values)))),
    "avg_over_time": _folding(mean),
    "min_over_time": _folding(smallest),
    "max_over_time": _folding(largest),
    "sum_over_time": _folding(total),
    "count_over_time": _folding(lambda values: float(len(values))),
    "last_over_time": _folding(lambda values: values[-1]),
    "first_over_time": _folding(lambda values: values[0]),
    "present_over_time": _folding(lambda values: 1.0),
    "stddev_over_time": _folding(deviation),
    "stdvar_over_time": _folding(variance),
    "quantile_over_time": lambda window, arguments: quantile(arguments[0], window.values),
}
# The functions whose results keep the name of their series.
KEEPING_NAMES: Final = frozenset({"last_over_time", "first_over_time"})
