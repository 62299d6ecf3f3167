"""Movement of simulated levels: daily waves, drift and noise, computed for any time in closed form."""

from __future__ import annotations

import math
import random
from collections.abc import Collection, Mapping
from dataclasses import dataclass

from victor_monitoring.language.resolved.spec import Resolved
from victor_monitoring.signals.metric import Metric, Population, SeriesKey

# Each wave's share of the amplitude, and its period as a fraction of the day: daily, drift, noise.
_SHAPE = ((0.6, 1.0), (0.3, 1 / 7.3), (0.1, 1 / 97.0))


@dataclass(frozen=True, slots=True)
class Wave:
    """A factor around 1 that varies with time (seconds) by at most `amplitude`.

    `terms` are its sines: share of the amplitude, radians per second, and phase.
    """

    amplitude: float
    terms: tuple[tuple[float, float, float], ...]

    def factor(self, time: float) -> float:
        """Return the factor at a time."""
        deviation = 0.0
        for share, speed, phase in self.terms:
            deviation += share * math.sin(speed * time + phase)
        return 1 + self.amplitude * deviation

    def area(self, start: float, end: float) -> float:
        """Return the integral of the factor from `start` to `end`, in seconds."""
        deviation = 0.0  # a plain loop: this runs for every series at every scrape
        for share, speed, phase in self.terms:
            deviation += share / speed * (math.cos(speed * start + phase) - math.cos(speed * end + phase))
        return (end - start) + self.amplitude * deviation


def wave(key: str, day: float, amplitude: float) -> Wave:
    """Return the wave of a key; equal keys have equal waves."""
    chance = random.Random(key)  # noqa: S311 - it keeps no secret
    return Wave(
        amplitude,
        tuple((share, 2 * math.pi / (day * part), chance.uniform(0, 2 * math.pi)) for share, part in _SHAPE),
    )


_DAY = 24  # windows that a simulated day lasts
_TOGETHER, _ALONE = 0.15, 0.1  # amplitudes: of all series of a metric together, and of each alone
_HELD = 0.002  # amplitude of series that must stay on one side of a threshold
_SMALL = 5  # counts below this are of things that rarely change, and do not move


@dataclass(frozen=True, slots=True)
class Moving:
    """A series: its level, or its growth per second if it only grows, and the waves that move it.

    It is independent of the other series of its metric.
    """

    metric: Metric
    grows: bool
    level: float
    together: Wave
    alone: Wave

    def value(self, time: float) -> float:
        """Return a gauge's value at a time."""
        return self.level * self.together.factor(time) * self.alone.factor(time)

    def growth(self, start: float, end: float) -> float:
        """Return the increase of a counter between two times; never negative."""
        return self.level * (self.together.area(start, end) + self.alone.area(start, end)) / 2


def moving(
    spec: Resolved, population: Population, *, seed: int, held: Collection[SeriesKey], is_idle: bool
) -> Mapping[SeriesKey, Moving]:
    """Return every series of a population as it moves: `held` ones hardly, idle counters not at all."""
    day = _DAY * spec.window / 1000
    calm = _capacities(spec)
    metrics = {name: each.metric for each in spec.declared for name in each.metric.series_names}
    by_metric: dict[Metric, dict[SeriesKey, float]] = {each.metric: {} for each in spec.declared}
    for key, level in population.items():
        if key[0] in metrics:
            by_metric[metrics[key[0]]][key] = level
    found: dict[SeriesKey, Moving] = {}
    for metric, series in by_metric.items():
        for key, level in metric.type.independent(series).items():
            grows = key[0] in metric.totals
            is_small = metric.unit.is_counted and level < _SMALL
            is_calm = not grows and (metric.name in calm or is_small)
            together, alone = (_HELD, _HELD) if key in held else (_TOGETHER, _ALONE)
            found[key] = Moving(
                metric,
                grows,
                level=0.0 if is_idle and grows else level,
                together=wave(f"{seed} {metric.name}", day, 0.0 if is_calm else together),
                alone=wave(f"{seed} {key}", day, 0.0 if is_calm else alone),
            )
    return found


def _capacities(spec: Resolved) -> set[str]:
    """Return the gauges that other metrics are divided by, such as capacities and cores; they do not move."""
    return {
        reading.selector.metric.name
        for signal in spec.signals.values()
        for reading in signal.kind.readings()[1:]
    }
