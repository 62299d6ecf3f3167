"""The rate of a counter from its samples in a window."""

from __future__ import annotations

import itertools
import math
import operator
from collections.abc import Sequence

from victor_monitoring.signals.prometheus_version import ASSUMED, PrometheusVersion

# Up to so many average distances between samples the series is taken to go on to the end of the window.
_REACH = 1.1


def per_second(
    times: Sequence[int],
    values: Sequence[float],
    start: int,
    end: int,
    prometheus: PrometheusVersion = ASSUMED,
) -> float | None:
    """The increase per second in the window from `start` to `end` (milliseconds); None below two samples.

    As Prometheus defines `rate`: a fall is a restart at 0. The increase is extrapolated to the ends of the
    window where the samples come near them, else by half the average distance of samples; never beyond the
    moment at which the counter would have been 0.
    """
    if len(values) < 2:
        return None
    later = itertools.islice(values, 1, None)
    lost = sum(itertools.compress(values, map(operator.lt, later, values)))  # by restarts
    increase = values[-1] - values[0] + lost
    sampled = (times[-1] - times[0]) / 1000
    distance = sampled / (len(times) - 1)
    to_start, to_end = (times[0] - start) / 1000, (end - times[-1]) / 1000
    to_zero = sampled * (values[0] / increase) if increase > 0 and values[0] >= 0 else math.inf
    if not prometheus.zero_only_shortens:
        to_start = min(to_start, to_zero)
    to_start = to_start if to_start < distance * _REACH else distance / 2
    covered = sampled + min(to_start, to_zero)
    covered += to_end if to_end < distance * _REACH else distance / 2
    return increase * (covered / sampled / ((end - start) / 1000))


def quotient(dividend: float, divisor: float) -> float:
    """The quotient of floating-point arithmetic: by 0 it is infinite, 0 by 0 no number."""
    if divisor != 0:
        return dividend / divisor
    if dividend == 0 or math.isnan(dividend):
        return math.nan
    return math.copysign(math.inf, dividend) * math.copysign(1, divisor)
