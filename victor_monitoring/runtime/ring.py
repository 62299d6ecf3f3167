"""A ring buffer of a process's own samples, as Prometheus would store them for a target."""

from __future__ import annotations

from array import array
from collections.abc import Iterable, Iterator, Mapping
from typing import TypeAlias

from prometheus_client import Metric

from victor_monitoring.promql.prometheus_version import ASSUMED, PrometheusVersion
from victor_monitoring.promql.samples import STALE, Series

_Key: TypeAlias = tuple[tuple[str, str], ...]


class Ring:
    """Samples of one target, none older than `span` milliseconds, at most `limit` per series.

    `targets` maps the names of the stored series to their target labels; the target's `up` is 1 in every
    sample. All series share their timestamps, and a sample takes 8 bytes. The ring must not be changed while
    its samples are read.
    """

    def __init__(
        self,
        targets: Mapping[str, Mapping[str, str]],
        span: int,
        limit: int,
        *,
        prometheus: PrometheusVersion = ASSUMED,
    ) -> None:
        self.prometheus = prometheus
        self._targets, self._span, self._limit = targets, span, limit
        self._times = array("q")
        self._series: dict[str, dict[_Key, _StoredSeries]] = {name: {} for name in targets}

    def __len__(self) -> int:
        return len(self._times)

    @property
    def newest(self) -> int | None:
        """The time of the last sample, in milliseconds; None without one."""
        return self._times[-1] if self._times else None

    def series(self, metric: str) -> list[Series]:
        """Return the series with this name and their samples."""
        if metric == "up":
            up = array("d", [1.0]) * len(self._times)
            each_once = {tuple(labels.items()): labels for labels in self._targets.values()}
            return [Series(labels, self._times, up) for labels in each_once.values()]
        return [each.series for each in self._series.get(metric, {}).values()]

    def names(self) -> list[str]:
        return ["up", *self._series]

    def append(self, families: Iterable[Metric], at: int) -> None:
        """Append a sample of every series at `at` (milliseconds), a staleness marker if the series is gone.

        A second sample at the same time is ignored. A time before the last one, from a clock that was set
        back, discards all earlier samples.
        """
        if self._times and at <= self._times[-1]:
            if at == self._times[-1]:
                return
            self._drop(len(self._times))
        self._times.append(at)
        for series in self._all_series():
            series.values.append(STALE)
        for family in families:
            for sample in family.samples:
                if sample.name in self._targets:
                    self._set(sample.name, sample.labels, sample.value)
        old = next(index for index, time in enumerate(self._times) if time >= at - self._span)
        self._drop(max(old, len(self._times) - self._limit))

    def _set(self, name: str, labels: Mapping[str, str], value: float) -> None:
        known = self._series[name]
        key = tuple(labels.items())
        series = known.get(key)
        if series is None:
            values = array("d", [STALE]) * len(self._times)
            own = {**labels, **self._targets[name]}
            series = known[key] = _StoredSeries(Series(own, self._times, values), values)
        series.values[-1] = value
        series.seen = self._times[-1]

    def _drop(self, count: int) -> None:
        """Remove the oldest `count` samples, and the series that have none left."""
        if not count:
            return
        del self._times[:count]
        oldest = self._times[0] if self._times else None
        for name, known in self._series.items():
            self._series[name] = {
                key: each for key, each in known.items() if oldest is not None and each.seen >= oldest
            }
        for series in self._all_series():
            del series.values[:count]

    def _all_series(self) -> Iterator[_StoredSeries]:
        return (series for known in self._series.values() for series in known.values())


class _StoredSeries:
    """A series in the ring; `seen` is the time of its last sample that is no staleness marker."""

    __slots__ = ("seen", "series", "values")

    def __init__(self, series: Series, values: array[float]) -> None:
        self.series, self.values, self.seen = series, values, 0
