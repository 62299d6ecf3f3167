"""The arithmetic of `rate`, `/` and `histogram_quantile`, as Prometheus defines it."""

from __future__ import annotations

import itertools
import math
import operator
from collections.abc import Iterable, Sequence
from itertools import groupby

from victor_monitoring.promql.prometheus_version import ASSUMED, PrometheusVersion

# A gap up to this many average distances between samples is extrapolated to the end of the window.
_REACH = 1.1


def per_second(
    times: Sequence[int],
    values: Sequence[float],
    start: int,
    end: int,
    prometheus: PrometheusVersion = ASSUMED,
) -> float | None:
    """Return the increase per second from `start` to `end` (milliseconds); None below two samples.

    As in Prometheus' `rate`, a decrease is a restart at 0. The increase is extrapolated to an end of the
    window if the samples come near it, else by half the average distance between samples, and never beyond
    the time at which the counter would have been 0.
    """
    if len(values) < 2:
        return None
    change, factor = _extrapolated(times, values, start, end, prometheus, is_counter=True)
    return change * (factor / ((end - start) / 1000))


def increase(
    times: Sequence[int],
    values: Sequence[float],
    start: int,
    end: int,
    prometheus: PrometheusVersion = ASSUMED,
    *,
    is_counter: bool = True,
) -> float | None:
    """Return the increase from `start` to `end`, that of a gauge without restarts; None below two samples."""
    if len(values) < 2:
        return None
    change, factor = _extrapolated(times, values, start, end, prometheus, is_counter=is_counter)
    return change * factor


def _extrapolated(
    times: Sequence[int],
    values: Sequence[float],
    start: int,
    end: int,
    prometheus: PrometheusVersion,
    *,
    is_counter: bool,
) -> tuple[float, float]:
    """Return the change between the samples, and the factor that extrapolates it to the window."""
    change = values[-1] - values[0]
    if is_counter:
        later = itertools.islice(values, 1, None)
        change += sum(itertools.compress(values, map(operator.lt, later, values)))  # lost at restarts
    sampled = (times[-1] - times[0]) / 1000
    distance = sampled / (len(times) - 1)
    to_start, to_end = (times[0] - start) / 1000, (end - times[-1]) / 1000
    begins = is_counter and change > 0 and values[0] >= 0
    to_zero = sampled * (values[0] / change) if begins else math.inf
    if not prometheus.zero_only_shortens:
        to_start = min(to_start, to_zero)
    to_start = to_start if to_start < distance * _REACH else distance / 2
    covered = sampled + min(to_start, to_zero)
    covered += to_end if to_end < distance * _REACH else distance / 2
    return change, covered / sampled


def quotient(dividend: float, divisor: float) -> float:
    """Return the IEEE 754 quotient: infinite for a divisor of 0, NaN for 0 by 0."""
    if divisor != 0:
        return dividend / divisor
    if dividend == 0 or math.isnan(dividend):
        return math.nan
    return math.copysign(math.inf, dividend) * math.copysign(1, divisor)


def bucket_quantile(q: float, buckets: Iterable[tuple[float, float]]) -> float:
    """Return the `q` quantile of buckets (upper bound, observations up to it), as Prometheus defines it.

    Observations are assumed to be spread evenly within a bucket, from 0 in the first one. A quantile above
    the highest finite bound is that bound. The result is NaN without observations, without a `+Inf` bucket,
    or if that is the only one.
    """
    ordered = sorted(buckets, key=lambda bucket: bucket[0])
    if not ordered or ordered[-1][0] != math.inf:
        return math.nan
    bounds, counts = _cumulative(ordered)
    if len(bounds) < 2 or counts[-1] == 0:
        return math.nan
    rank = q * counts[-1]
    found = next((index for index, count in enumerate(counts[:-1]) if count >= rank), len(counts) - 1)
    if found == len(counts) - 1:
        return bounds[-2]
    if found == 0:
        return bounds[0] if bounds[0] <= 0 else bounds[0] * quotient(rank, counts[0])
    below, count = counts[found - 1], counts[found] - counts[found - 1]
    return bounds[found - 1] + (bounds[found] - bounds[found - 1]) * ((rank - below) / count)


def upper_bound(text: str) -> float | None:
    """Return the bound in a label `le`; None if it is no number, so that the series is no bucket."""
    if text != text.strip() or not text.isascii():  # Python's numbers may have spaces and foreign digits
        return None
    try:
        return float(text)
    except ValueError:
        return None


def _cumulative(ordered: list[tuple[float, float]]) -> tuple[list[float], list[float]]:
    """Return each bound once, with its counts added, and no count below an earlier one.

    Rates of buckets may decrease with the bound if some buckets were scraped and others were not.
    """
    bounds: list[float] = []
    counts: list[float] = []
    for bound, alike in groupby(ordered, key=lambda bucket: bucket[0]):
        count = sum(each for _, each in alike)
        bounds.append(bound)
        counts.append(counts[-1] if counts and count < counts[-1] else count)
    return bounds, counts
