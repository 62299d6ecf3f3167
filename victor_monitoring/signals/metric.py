"""Metrics as signals read them, and selectors of their series."""

from __future__ import annotations

import itertools
import re
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, replace
from fractions import Fraction
from typing import Literal, TypeAlias

from victor_monitoring.promql.tree import Matcher, Vector
from victor_monitoring.signals.quantity import Unit

MetricType: TypeAlias = Literal["counter", "gauge", "histogram"]
_EXAMPLE = "example"


@dataclass(frozen=True, slots=True)
class Label:
    """A label of a metric: a closed set of `values`, or an open one (None) with a `limit`."""

    name: str
    values: tuple[str, ...] | None
    limit: int | None = None


@dataclass(frozen=True, slots=True)
class Metric:
    """A declared metric. `buckets` are the finite upper bounds, `low` and `high` its possible values."""

    name: str
    type: MetricType
    unit: Unit = "count"
    help: str = ""
    labels: tuple[Label, ...] = ()
    buckets: tuple[Fraction, ...] = ()
    merge: str | None = None
    low: Fraction | None = None
    high: Fraction | None = None

    @property
    def label_names(self) -> tuple[str, ...]:
        """Its own labels' names, in the order of the spec."""
        return tuple(label.name for label in self.labels)

    def series(self) -> dict[str, Metric]:
        """The metrics that can be selected: itself, and a histogram's `_count` and `_sum` as counters."""
        if self.type != "histogram":
            return {self.name: self}
        counter = replace(self, type="counter", buckets=())
        return {
            self.name: self,
            f"{self.name}_count": replace(counter, name=f"{self.name}_count", unit="count"),
            f"{self.name}_sum": replace(counter, name=f"{self.name}_sum"),
        }


@dataclass(frozen=True, slots=True)
class Selector:
    """Series of one metric: those that meet every matcher."""

    metric: Metric
    matchers: tuple[Matcher, ...] = ()

    def __str__(self) -> str:
        """The selector as it is written, without the target labels that are selected too."""
        matchers = ",".join(map(str, self.matchers))
        return f"{self.metric.name}{{{matchers}}}" if matchers else self.metric.name

    def vector(self, select: tuple[Matcher, ...], window: int | None = None, suffix: str = "") -> Vector:
        """The PromQL selector: `select` first, then the written matchers."""
        return Vector(self.metric.name + suffix, (*select, *self.matchers), window)

    def matches(self, labels: Mapping[str, str]) -> bool:
        """Whether a series with these labels is selected (a missing label is empty, regexes anchored)."""
        return all(matcher.matches(labels.get(matcher.label, "")) for matcher in self.matchers)

    def label_sets(self) -> Iterator[dict[str, str]]:
        """The label sets of the metric that are selected; open labels take values that matchers name."""
        choices = [
            label.values if label.values is not None else self._open_values(label.name)
            for label in self.metric.labels
        ]
        for values in itertools.product(*choices):
            labels = dict(zip(self.metric.label_names, values, strict=True))
            if self.matches(labels):
                yield labels

    def _open_values(self, label: str) -> tuple[str, ...]:
        named = (m.value for m in self.matchers if m.label == label and m.op == "=")
        split = (
            value
            for m in self.matchers
            if m.label == label and m.op == "=~"
            for value in (*m.value.split("|"), *_filled(m.value))
        )
        return tuple(dict.fromkeys((*named, *split, _EXAMPLE)))

    def is_subset_of(self, other: Selector) -> bool:
        """Whether every series selected here is selected by `other` too, for certain."""
        if self.metric.name != other.metric.name:
            return False
        mine = set(self.matchers)
        return all(
            matcher in mine or any(_implies(each, matcher) for each in mine) or self._covers(matcher)
            for matcher in other.matchers
        )

    def _covers(self, matcher: Matcher) -> bool:
        """Whether every value of a closed label that is selected here meets `matcher`."""
        label = next((each for each in self.metric.labels if each.name == matcher.label), None)
        if label is None or label.values is None:
            return False
        mine = [each for each in self.matchers if each.label == matcher.label]
        return all(
            matcher.matches(value) for value in label.values if all(each.matches(value) for each in mine)
        )


def _implies(mine: Matcher, other: Matcher) -> bool:
    return mine.op == "=" and mine.label == other.label and other.matches(mine.value)


def _filled(pattern: str) -> tuple[str, ...]:
    """Values that simple patterns match: each wildcard or class replaced by a plain character."""
    simple = re.sub(r"\[\^?([^\]])[^\]]*\][*+]?|\.[*+]?|\\d[*+]?", lambda m: m[1] or "0", pattern)
    return tuple(re.split(r"\|", re.sub(r"[()?^$]", "", simple)))


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
