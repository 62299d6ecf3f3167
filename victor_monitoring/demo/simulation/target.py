"""A simulated target: its metrics at any time."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Iterator, Mapping
from threading import Lock
from typing import Final

from prometheus_client import Metric as Family
from prometheus_client.core import (
    CounterMetricFamily,
    GaugeMetricFamily,
    HistogramMetricFamily,
    UnknownMetricFamily,
)
from prometheus_client.registry import Collector

from victor_monitoring.demo.simulation.faults import Faults
from victor_monitoring.demo.simulation.movement import Moving, moving
from victor_monitoring.demo.simulation.states import deciding, faulty, healthy
from victor_monitoring.language.resolved.spec import Resolved
from victor_monitoring.signals.metric import Metric, SeriesKey

_Values = list[tuple[SeriesKey, float]]


class SimulatedMetrics(Collector):
    """A collector of a target of the spec's service, whose metrics move as on a healthy or faulty target.

    The same seed, clock and faults give the same values. `clock` returns seconds. Counters start at 0.
    `Scrapes` adds the faults of scrapes.
    """

    def __init__(
        self, spec: Resolved, *, seed: int, clock: Callable[[], float], faults: Faults | None = None
    ) -> None:
        self.spec: Final = spec
        self._seed, self._clock, self._lock = seed, clock, Lock()
        self._healthy = healthy(spec, seed)
        self._started = self._since = clock()
        self._counted: Mapping[SeriesKey, float] = {}
        self._faults = faults or Faults()
        self._series = self._moving()

    def set_faults(self, faults: Faults) -> None:
        """Replace the current faults; counters keep their values."""
        with self._lock:
            now = self._clock()
            self._counted = {
                key: self._count(key, each, now) for key, each in self._series.items() if _grows(each)
            }
            self._faults, self._since = faults, now
            self._series = self._moving()

    def collect(self) -> Iterable[Family]:
        """Yield the family of every metric, in the order of the spec."""
        values: dict[str, _Values] = {}
        with self._lock:
            now = self._clock()
            for key, each in self._series.items():
                value = self._count(key, each, now) if _grows(each) else self._level(each, now)
                values.setdefault(each.metric.name, []).append((key, value))
        for declared in self.spec.declared:
            yield _family(declared.metric, values[declared.metric.name])

    def _moving(self) -> Mapping[SeriesKey, Moving]:
        population = faulty(self.spec, self._healthy, self._faults.alerts)
        held = {series for alert in self._faults.alerts for series in deciding(alert, population)}
        return moving(self.spec, population, seed=self._seed, held=held, is_idle=self._faults.is_idle)

    def _level(self, each: Moving, now: float) -> float:
        metric = each.metric
        if metric.name.endswith("uptime_seconds"):
            return now - self._started
        value = each.value(now)
        if metric.low is not None and metric.high is not None:
            value = min(max(value, float(metric.low)), float(metric.high))
        return float(round(value)) if metric.unit in ("count", "bytes") else value

    def _count(self, key: SeriesKey, each: Moving, now: float) -> float:
        return self._counted.get(key, 0.0) + each.growth(self._since, now)


def _grows(each: Moving) -> bool:
    return each.metric.type != "gauge"


def _family(metric: Metric, values: _Values) -> Family:
    names = metric.label_names
    if metric.type == "gauge":
        gauge = GaugeMetricFamily(metric.name, metric.help, labels=names)
        for (_, labels), value in values:
            gauge.add_metric([dict(labels)[name] for name in names], value)
        return gauge
    if metric.type == "histogram":
        return _histogram(metric, values)
    is_whole = metric.unit == "count"
    plain = metric.name.endswith("_total")  # the suffix that the client appends to a counter's name
    counter = (CounterMetricFamily if plain else UnknownMetricFamily)(metric.name, metric.help, labels=names)
    for (_, labels), value in values:
        counter.add_metric([dict(labels)[name] for name in names], math.floor(value) if is_whole else value)
    return counter


def _histogram(metric: Metric, values: _Values) -> Family:
    sums = {labels: value for (name, labels), value in values if name.endswith("_sum")}
    buckets: dict[tuple[tuple[str, str], ...], list[tuple[str, float]]] = {labels: [] for labels in sums}
    for labels, le, value in _observed(values):
        cumulative = buckets[labels]
        cumulative.append((le, math.floor(value) + (cumulative[-1][1] if cumulative else 0)))
    family = HistogramMetricFamily(metric.name, metric.help, labels=metric.label_names)
    for labels, cumulative in buckets.items():
        family.add_metric([dict(labels)[name] for name in metric.label_names], cumulative, sums[labels])
    return family


def _observed(values: _Values) -> Iterator[tuple[tuple[tuple[str, str], ...], str, float]]:
    """Yield labels, bound and observations of each bucket, by ascending bounds."""
    for (name, labels), value in sorted(values, key=lambda item: float(dict(item[0][1]).get("le", 0))):
        if name.endswith("_bucket"):
            own = tuple(pair for pair in labels if pair[0] != "le")
            yield own, dict(labels)["le"], value
