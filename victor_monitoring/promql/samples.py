"""Series and their samples, the input of an evaluation."""

from __future__ import annotations

import math
import struct
from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final, Protocol

from victor_monitoring.promql.prometheus_version import ASSUMED, PrometheusVersion

# The look-back of an instant selector in milliseconds, Prometheus' default.
LOOKBACK: Final = 300_000

_STALE_BITS: Final = struct.pack("<Q", 0x7FF8_0000_0000_0002)
# The staleness marker: a NaN that no arithmetic yields. Prometheus' own is a signalling NaN, which some
# processors do not copy unchanged.
STALE: Final[float] = struct.unpack("<d", _STALE_BITS)[0]


def is_stale(value: float) -> bool:
    """Return whether the value is the staleness marker; any other NaN is an ordinary value."""
    return value != value and struct.pack("<d", value) == _STALE_BITS  # noqa: PLR0124 - the quick test for NaN


@dataclass(frozen=True, slots=True)
class Series:
    """One series: its labels, and its samples in ascending order of time (milliseconds)."""

    labels: Mapping[str, str]
    times: Sequence[int]
    values: Sequence[float]

    def within(self, start: int, end: int, *, left_open: bool) -> tuple[list[int], list[float]]:
        """Return the times and values from `start` to `end` inclusive, without staleness markers."""
        first, last = self.bounds(start, end, left_open=left_open)
        return unmarked(list(self.times[first:last]), list(self.values[first:last]))

    def bounds(self, start: int, end: int, *, left_open: bool) -> tuple[int, int]:
        """Return the places of the first sample from `start` on and of the first one after `end`."""
        first = (bisect_right if left_open else bisect_left)(self.times, start)
        return first, bisect_right(self.times, end, first)

    def value_at(self, at: int, *, left_open: bool) -> float | None:
        """Return the last value at `at`; None if it is older than the look-back or a staleness marker."""
        index = bisect_right(self.times, at) - 1
        if index < 0:
            return None
        age, value = at - self.times[index], self.values[index]
        is_old = age >= LOOKBACK if left_open else age > LOOKBACK
        return None if is_old or is_stale(value) else value


def unmarked(times: list[int], values: list[float]) -> tuple[list[int], list[float]]:
    """Return the samples without staleness markers."""
    if not math.isnan(sum(values)):  # the usual case: no NaN, hence no marker
        return times, values
    kept = [index for index, value in enumerate(values) if not is_stale(value)]
    return [times[index] for index in kept], [values[index] for index in kept]


class Samples(Protocol):
    """A store of series by exposed name; a histogram's are `_bucket`, `_count` and `_sum`.

    `prometheus` is the version whose semantics apply.
    """

    @property
    def prometheus(self) -> PrometheusVersion: ...

    def series(self, metric: str) -> Iterable[Series]:
        """Return the series with this name."""
        ...

    def names(self) -> Iterable[str]:
        """Return the names of all series."""
        ...


@dataclass(frozen=True, slots=True)
class SampleSet:
    """Samples in memory, by name of their series."""

    by_metric: Mapping[str, Sequence[Series]]
    prometheus: PrometheusVersion = ASSUMED

    def series(self, metric: str) -> Sequence[Series]:
        return self.by_metric.get(metric, ())

    def names(self) -> Iterable[str]:
        return self.by_metric
