"""The latest samples of a process's own series, as Prometheus would hold them of a target."""

from __future__ import annotations

from array import array
from collections.abc import Iterable, Iterator, Mapping
from typing import TypeAlias

from prometheus_client import Metric

from victor_monitoring.promql.prometheus_version import ASSUMED, PrometheusVersion
from victor_monitoring.promql.samples import STALE, Series

_Key: TypeAlias = tuple[tuple[str, str], ...]


class Ring:
    """Samples of one target, none older than `span` milliseconds and `limit` of each series at most.

    `targets` names the series that are kept, each with the labels that it has from its target; the target's
    `up` is 1 while it samples. All series share their times, and a sample takes 8 bytes. The ring must not
    be changed while its samples are read.
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
        self._series: dict[str, dict[_Key, _Kept]] = {name: {} for name in targets}

    def __len__(self) -> int:
        return len(self._times)

    @property
    def newest(self) -> int | None:
        """The time of the last sample."""
        return self._times[-1] if self._times else None

    def series(self, metric: str) -> list[Series]:
        """The samples of the series of that name."""
        if metric == "up":
            up = array("d", [1.0]) * len(self._times)
            each_once = {tuple(labels.items()): labels for labels in self._targets.values()}
            return [Series(labels, self._times, up) for labels in each_once.values()]
        return [
            Series(each.labels, self._times, each.values) for each in self._series.get(metric, {}).values()
        ]

    def append(self, families: Iterable[Metric], at: int) -> None:
        """Takes a sample of every series at `at`; one that is not there any more is marked as stale.

        Nothing is taken twice at one time. A clock that was set back makes a new start.
        """
        if self._times and at <= self._times[-1]:
            if at == self._times[-1]:
                return
            self._drop(len(self._times))
        self._times.append(at)
        for series in self._kept():
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
            series = known[key] = _Kept({**labels, **self._targets[name]}, values)
        series.values[-1] = value
        series.seen = self._times[-1]

    def _drop(self, count: int) -> None:
        """Forgets so many of the oldest samples, and the series that have none left."""
        if not count:
            return
        del self._times[:count]
        oldest = self._times[0] if self._times else None
        for name, known in self._series.items():
            self._series[name] = {
                key: each for key, each in known.items() if oldest is not None and each.seen >= oldest
            }
        for series in self._kept():
            del series.values[:count]

    def _kept(self) -> Iterator[_Kept]:
        return (series for known in self._series.values() for series in known.values())


class _Kept:
    """A series in the ring; `seen` is the last time at which it was there."""

    __slots__ = ("labels", "seen", "values")

    def __init__(self, labels: Mapping[str, str], values: array[float]) -> None:
        self.labels, self.values, self.seen = labels, values, 0
