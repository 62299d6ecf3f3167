"""Metrics, selectors of their series, and populations: the series of a target with their values."""

from __future__ import annotations

import itertools
import re
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, replace
from fractions import Fraction
from typing import Literal, TypeAlias

from victor_monitoring.promql.tree import Matcher, Vector, all_match
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
    """A declared metric. `buckets` are the finite upper bounds; `low` and `high` bound its values."""

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
        """The names of the metric's own labels, in the order of the spec."""
        return tuple(label.name for label in self.labels)

    def series(self) -> dict[str, Metric]:
        """Return the metrics that can be selected: itself, and `_count` and `_sum` of a histogram."""
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
    """A selector of the series of one metric that every matcher matches."""

    metric: Metric
    matchers: tuple[Matcher, ...] = ()

    def __str__(self) -> str:
        """Return the selector as in the spec, without the matchers of target labels."""
        matchers = ",".join(map(str, self.matchers))
        return f"{self.metric.name}{{{matchers}}}" if matchers else self.metric.name

    def vector(self, select: tuple[Matcher, ...], window: int | None = None, suffix: str = "") -> Vector:
        """Return the PromQL selector: the matchers of `select` first, then its own."""
        return Vector(self.metric.name + suffix, (*select, *self.matchers), window)

    def matches(self, labels: Mapping[str, str]) -> bool:
        """Return whether a series with these labels is selected; a missing label counts as empty."""
        return all_match(self.matchers, labels)

    def label_sets(self) -> Iterator[dict[str, str]]:
        """Yield the selected label sets of the metric; an open label takes values from its matchers."""
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
        """Return whether `other` provably selects every series that this selector selects."""
        if self.metric.name != other.metric.name:
            return False
        mine = set(self.matchers)
        return all(
            matcher in mine or any(_implies(each, matcher) for each in mine) or self._covers(matcher)
            for matcher in other.matchers
        )

    def _covers(self, matcher: Matcher) -> bool:
        """Return whether `matcher` matches all values of a closed label that this selector allows."""
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
    """Return values that a simple pattern matches, with a character in place of each wildcard or class."""
    simple = re.sub(r"\[\^?([^\]])[^\]]*\][*+]?|\.[*+]?|\\d[*+]?", lambda m: m[1] or "0", pattern)
    return tuple(re.split(r"\|", re.sub(r"[()?^$]", "", simple)))


SeriesKey: TypeAlias = tuple[str, tuple[tuple[str, str], ...]]
"""A series: its exposed name, and its own labels, sorted by name."""

Population: TypeAlias = Mapping[SeriesKey, float]
"""Values of a gauge's series, rates per second of a counter's and of the series of a histogram."""


def series_key(name: str, labels: Mapping[str, str]) -> SeriesKey:
    """Return the key of the series with this name and these labels."""
    return name, tuple(sorted(labels.items()))


def selected(population: Population, selector: Selector, suffix: str = "") -> dict[SeriesKey, float]:
    """Return the part of a population that a selector selects."""
    name = selector.metric.name + suffix
    return {
        each: value
        for each, value in population.items()
        if each[0] == name and selector.matches(dict(each[1]))
    }


def totalling(part: Population, total: float) -> dict[SeriesKey, float]:
    """Scale the series to a total: in their proportions, or evenly if all of them are 0."""
    now = sum(part.values())
    if now == 0:
        return dict.fromkeys(part, total / len(part)) if part else {}
    return {each: value * total / now for each, value in part.items()}


def groups(population: Population, labels: Collection[str]) -> dict[tuple[tuple[str, str], ...], Population]:
    """Group a population by the values of `labels`; a series without these labels is in every group."""
    keys = {each: tuple(pair for pair in each[1] if pair[0] in labels) for each in population}
    shared = {each: value for each, value in population.items() if not keys[each]}
    divided: dict[tuple[tuple[str, str], ...], dict[SeriesKey, float]] = {}
    for each, value in population.items():
        if keys[each]:
            divided.setdefault(keys[each], dict(shared))[each] = value
    return dict(divided) if divided else {(): population}
