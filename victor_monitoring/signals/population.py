"""The series of one target in a steady state: what a simulation holds, and what a signal is steered by."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import TypeAlias

from victor_monitoring.signals.metric import Selector

SeriesKey: TypeAlias = tuple[str, tuple[tuple[str, str], ...]]
"""A series: the name that is exposed, and its own labels, sorted by name."""

Population: TypeAlias = Mapping[SeriesKey, float]
"""A gauge's series by its value, a counter's by its growth per second; histograms as they are exposed."""


def series_key(name: str, labels: Mapping[str, str]) -> SeriesKey:
    """The series with this name and these labels."""
    return name, tuple(sorted(labels.items()))


def selected(population: Population, selector: Selector, suffix: str = "") -> dict[SeriesKey, float]:
    """The part of a population that a selector selects."""
    name = selector.metric.name + suffix
    return {
        each: value
        for each, value in population.items()
        if each[0] == name and selector.matches(dict(each[1]))
    }


def totalling(part: Population, total: float) -> dict[SeriesKey, float]:
    """The same series with that total: in their proportions, or evenly where all of them are 0."""
    now = sum(part.values())
    if now == 0:
        return dict.fromkeys(part, total / len(part)) if part else {}
    return {each: value * total / now for each, value in part.items()}


def groups(population: Population, labels: Collection[str]) -> dict[tuple[tuple[str, str], ...], Population]:
    """The population divided by the values of `labels`; series without any of them belong to every group."""
    keys = {each: tuple(pair for pair in each[1] if pair[0] in labels) for each in population}
    shared = {each: value for each, value in population.items() if not keys[each]}
    divided: dict[tuple[tuple[str, str], ...], dict[SeriesKey, float]] = {}
    for each, value in population.items():
        if keys[each]:
            divided.setdefault(keys[each], dict(shared))[each] = value
    return dict(divided) if divided else {(): population}
