"""A simulated target: its metrics at any time."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from threading import Lock
from typing import Final

from prometheus_client import Metric as Family
from prometheus_client.registry import Collector

from victor_monitoring.demo.simulation.faults import Faults
from victor_monitoring.demo.simulation.movement import Moving, moving
from victor_monitoring.demo.simulation.states import deciding, faulty, healthy
from victor_monitoring.language.resolved.spec import Resolved
from victor_monitoring.signals.metric import Metric, Population, SeriesKey


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
                key: self._count(key, each, now) for key, each in self._series.items() if each.grows
            }
            self._faults, self._since = faults, now
            self._series = self._moving()

    def collect(self) -> Iterable[Family]:
        """Yield the family of every metric, in the order of the spec."""
        values: dict[str, dict[SeriesKey, float]] = {}
        with self._lock:
            now = self._clock()
            for key, each in self._series.items():
                value = self._count(key, each, now) if each.grows else self._level(each, now)
                values.setdefault(each.metric.name, {})[key] = value
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
        value = each.value(now) + metric.unit.now(now)
        if metric.low is not None and metric.high is not None:
            value = min(max(value, float(metric.low)), float(metric.high))
        return float(round(value)) if metric.unit.is_counted else value

    def _count(self, key: SeriesKey, each: Moving, now: float) -> float:
        return self._counted.get(key, 0.0) + each.growth(self._since, now)


def _family(metric: Metric, values: Population) -> Family:
    # The client's families of counters append `_total` to a name without it: such a counter has no type here.
    is_misnamed = not metric.name.endswith(metric.type.ENDING)
    family = Family(
        metric.type.family(metric.name), metric.help, "unknown" if is_misnamed else metric.type.NAME
    )
    for (name, labels), value in metric.type.exposed(metric, values):
        family.add_sample(name, dict(labels), value)
    return family
