"""What signals are over a population that has been as it is for longer than every window."""

from __future__ import annotations

from collections.abc import Mapping

from victor_monitoring.signals.population import Population
from victor_monitoring.signals.quantity import Condition
from victor_monitoring.signals.samples import SampleSet, Series
from victor_monitoring.signals.signal import LabelPairs, Signal


def is_met(signal: Signal, condition: Condition, population: Population) -> bool:
    """Whether the condition holds for any label set of the signal."""
    return any(condition.is_met(value) for value in steady_values(signal, population).values())


def steady_values(signal: Signal, population: Population) -> Mapping[LabelPairs, float]:
    """The values of the signal, on a target that has its select's labels and no other."""
    read, counters = signal.series_in(population), _counters(signal)
    scrapes = 2 + max(each.window for each in signal.with_parts()) // signal.scrape
    times = [index * signal.scrape for index in range(scrapes + 1)]
    target = {matcher.label: matcher.value for matcher in signal.select}
    by_metric: dict[str, list[Series]] = {"up": [Series(target, times, [1.0] * len(times))]}
    for name, labels in read:
        value = population[name, labels]
        values = [value * time / 1000 if name in counters else value for time in times]
        by_metric.setdefault(name, []).append(Series({**target, **dict(labels)}, times, values))
    return signal.evaluate(SampleSet(by_metric), times[-1])


def _counters(signal: Signal) -> set[str]:
    """The names of the series that grow."""
    return {
        f"{reading.selector.metric.name}{suffix}"
        for each in signal.with_parts()
        for reading in each.kind.readings()
        if reading.selector.metric.type != "gauge"
        for suffix in reading.suffixes
    }
