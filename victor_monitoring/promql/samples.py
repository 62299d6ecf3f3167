"""Samples of series: what a signal is evaluated over."""

from __future__ import annotations

import math
import struct
from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final, Protocol

from victor_monitoring.promql.prometheus_version import ASSUMED, PrometheusVersion

# How far back a series without a window is read, as Prometheus does where nobody says otherwise.
LOOKBACK: Final = 300_000

_STALE_BITS: Final = struct.pack("<Q", 0x7FF8_0000_0000_0002)
# The value of a series that has vanished: a NaN that no arithmetic makes. Prometheus' own is a signalling
# NaN, which not every processor hands on unchanged.
STALE: Final[float] = struct.unpack("<d", _STALE_BITS)[0]


def is_stale(value: float) -> bool:
    """Whether the value says that the series has vanished; any other NaN is a value."""
    return value != value and struct.pack("<d", value) == _STALE_BITS  # noqa: PLR0124 - the quick test for NaN


@dataclass(frozen=True, slots=True)
class Series:
    """One series: its labels, and its samples by ascending times in milliseconds."""

    labels: Mapping[str, str]
    times: Sequence[int]
    values: Sequence[float]

    def within(self, start: int, end: int, *, left_open: bool) -> tuple[list[int], list[float]]:
        """The times and values from `start` to `end`, which is included, without markers of staleness."""
        first = (bisect_right if left_open else bisect_left)(self.times, start)
        last = bisect_right(self.times, end, first)
        times, values = self.times[first:last], self.values[first:last]
        if not math.isnan(sum(values)):  # so there is no marker, which is the rule
            return list(times), list(values)
        kept = [index for index in range(first, last) if not is_stale(self.values[index])]
        return [self.times[index] for index in kept], [self.values[index] for index in kept]

    def standing(self, at: int, *, left_open: bool) -> float | None:
        """The last value at `at`; None where it is older than the look-back or the series has vanished."""
        index = bisect_right(self.times, at) - 1
        if index < 0:
            return None
        age, value = at - self.times[index], self.values[index]
        is_old = age >= LOOKBACK if left_open else age > LOOKBACK
        return None if is_old or is_stale(value) else value


class Samples(Protocol):
    """The series that are known, by metric; a histogram's are `_bucket`, `_count` and `_sum` as exposed.

    `prometheus` is the version whose values are wanted.
    """

    @property
    def prometheus(self) -> PrometheusVersion: ...

    def series(self, metric: str) -> Iterable[Series]:
        """The series of that name."""
        ...


@dataclass(frozen=True, slots=True)
class SampleSet:
    """Samples that are held as they are."""

    by_metric: Mapping[str, Sequence[Series]]
    prometheus: PrometheusVersion = ASSUMED

    def series(self, metric: str) -> Sequence[Series]:
        return self.by_metric.get(metric, ())
