"""How simulated levels move: a day of smooth waves, drift and noise, computed for any time in closed form."""

from __future__ import annotations

import math
import random
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass

from victor_monitoring.language.resolved.spec import Resolved
from victor_monitoring.signals.metric import Metric, Population, SeriesKey

# Each wave's share of the amplitude and its period, as a part of the day: the day itself, a drift, and noise.
_SHAPE = ((0.6, 1.0), (0.3, 1 / 7.3), (0.1, 1 / 97.0))


@dataclass(frozen=True, slots=True)
class Wave:
    """A factor about 1 that moves with time (seconds), by at most `amplitude`.

    `terms` are its sines: each one's share of the amplitude, its radians per second, and its phase.
    """

    amplitude: float
    terms: tuple[tuple[float, float, float], ...]

    def factor(self, time: float) -> float:
        """The factor at a time."""
        moved = 0.0
        for share, speed, phase in self.terms:
            moved += share * math.sin(speed * time + phase)
        return 1 + self.amplitude * moved

    def area(self, start: float, end: float) -> float:
        """The integral of the factor: the seconds between, stretched as the wave says."""
        moved = 0.0  # a plain loop: this is asked of every series at every scrape
        for share, speed, phase in self.terms:
            moved += share / speed * (math.cos(speed * start + phase) - math.cos(speed * end + phase))
        return (end - start) + self.amplitude * moved


def wave(key: str, day: float, amplitude: float) -> Wave:
    """The wave of a key: the same key has the same one."""
    chance = random.Random(key)  # noqa: S311 - it keeps no secret
    return Wave(
        amplitude,
        tuple((share, 2 * math.pi / (day * part), chance.uniform(0, 2 * math.pi)) for share, part in _SHAPE),
    )


_DAY = 24  # windows that a simulated day lasts
_TOGETHER, _ALONE = 0.15, 0.1  # how far the series of a metric move together, and each by itself
_HELD = 0.002  # ... those that must stay beyond a threshold, or short of it
_SMALL = 5  # counts below this are of things that do not come and go by the minute


@dataclass(frozen=True, slots=True)
class Moving:
    """A series: the gauge's level or the counter's growth per second, and the waves that move it.

    A histogram's bucket is by itself, without those below it.
    """

    metric: Metric
    level: float
    together: Wave
    alone: Wave

    def value(self, time: float) -> float:
        """A gauge's value at a time."""
        return self.level * self.together.factor(time) * self.alone.factor(time)

    def growth(self, start: float, end: float) -> float:
        """What a counter counts between two times; never negative."""
        return self.level * (self.together.area(start, end) + self.alone.area(start, end)) / 2


def moving(
    spec: Resolved, population: Population, *, seed: int, held: Collection[SeriesKey], is_idle: bool
) -> Mapping[SeriesKey, Moving]:
    """Every series of a population, moving; those `held` hardly, counters not at all while it is idle."""
    day = _DAY * spec.window / 1000
    metrics = {name: declared.metric for declared in spec.declared for name in exposed(declared.metric)}
    calm = _capacities(spec)
    found: dict[SeriesKey, Moving] = {}
    for key, level in _alone(population, metrics):
        metric, name = metrics[key[0]], metrics[key[0]].name
        together, alone = (_HELD, _HELD) if key in held else (_TOGETHER, _ALONE)
        if metric.type == "gauge":
            is_small = metric.unit == "count" and level < _SMALL
            together, alone = (0.0, 0.0) if name in calm or is_small else (together, alone)
        found[key] = Moving(
            metric,
            level=0.0 if is_idle and metric.type != "gauge" else level,
            together=wave(f"{seed} {name}", day, together),
            alone=wave(f"{seed} {key}", day, alone),
        )
    return found


def exposed(metric: Metric) -> tuple[str, ...]:
    """The names of a metric's series."""
    if metric.type != "histogram":
        return (metric.name,)
    return tuple(f"{metric.name}{suffix}" for suffix in ("_bucket", "_count", "_sum"))


def _alone(population: Population, metrics: Mapping[str, Metric]) -> Iterator[tuple[SeriesKey, float]]:
    """The series, each bucket less the one below it; the count is left out: it is the buckets' total."""
    below: dict[object, float] = {}
    for key, value in sorted(population.items(), key=lambda item: (item[0][0], _bound(item[0]))):
        if key[0] not in metrics or metrics[key[0]].type != "histogram":
            yield key, value
        elif key[0].endswith("_bucket"):
            labels = tuple(pair for pair in key[1] if pair[0] != "le")
            yield key, max(0.0, value - below.get((key[0], labels), 0.0))
            below[key[0], labels] = value
        elif key[0].endswith("_sum"):
            yield key, value


def _bound(key: SeriesKey) -> float:
    return float(dict(key[1]).get("le", 0))


def _capacities(spec: Resolved) -> set[str]:
    """Gauges that others are divided by: room, cores, workers. They are not what moves."""
    return {
        reading.selector.metric.name
        for signal in spec.signals.values()
        for reading in signal.kind.readings()[1:]
    }
