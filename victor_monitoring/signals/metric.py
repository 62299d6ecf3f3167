"""Metrics and their types, selectors of their series, and populations: the series of a target."""

from __future__ import annotations

import itertools
import math
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from fractions import Fraction
from typing import ClassVar, Final, TypeAlias

from victor_monitoring.promql.examples import examples
from victor_monitoring.promql.inference.facts import Buckets, SeriesFacts
from victor_monitoring.promql.inference.labels import ANY, GIVEN, Values, one_of
from victor_monitoring.promql.tree import Matcher, Vector, all_match
from victor_monitoring.signals.units import COUNT, Unit

_EXAMPLE = "example"
_DECADES: Final = tuple(Fraction(10) ** exponent for exponent in range(-4, 13))

SeriesKey: TypeAlias = tuple[str, tuple[tuple[str, str], ...]]
"""A series: its exposed name, and its own labels, sorted by name."""

Population: TypeAlias = Mapping[SeriesKey, float]
"""Series with their values: growth per second if they only grow, and of moments the distance from now."""


@dataclass(frozen=True, slots=True)
class Label:
    """A label of a metric: a closed set of `values`, or an open one (None) with a `limit`."""

    name: str
    values: tuple[str, ...] | None
    limit: int | None = None

    @property
    def possible(self) -> Values:
        """The possible values; those of an open label include an empty one, by which the label is missing."""
        return ANY if self.values is None else one_of(self.values)


@dataclass(frozen=True, slots=True)
class SeriesRole:
    """The meaning of series to a query that reads them; `suffixes` are those of their names."""

    name: str
    suffixes: tuple[str, ...] = ("",)


LEVEL: Final = SeriesRole("a value that rises and falls")
TOTAL: Final = SeriesRole("a total that only grows")
BUCKETS: Final = SeriesRole("buckets", ("_bucket",))
SUM_AND_COUNT: Final = SeriesRole("a sum and a count", ("_sum", "_count"))


class MetricType:
    """A type of metric, as a TYPE line names it.

    `ROLES` are those of its series, `INSTEAD` is the hint if it is read in another role. `SUFFIXES` end the
    names of its series; an exposition may leave out the `OPTIONAL` ones, and those of `TOTALS` only grow. A
    series whose name ends in `PRESENT` exists wherever the metric is exposed. `LABEL` is the suffix of
    series with a label of the type, and the label. `COUNTS` are the suffixes of those whose unit is a count,
    whatever that of the metric. `ENDING` ends the name of every metric of the type, and of
    no other one. `KEYS` are the keys of a metric that only this type has. `CLIENT` is the class of the Python
    client, None if a registry module cannot create it; its series exist from the start if `STARTS_AT_ZERO`.
    """

    NAME: ClassVar[str]
    ROLES: ClassVar[frozenset[SeriesRole]]
    INSTEAD: ClassVar[str]
    SUFFIXES: ClassVar[tuple[str, ...]] = ("",)
    OPTIONAL: ClassVar[frozenset[str]] = frozenset()
    TOTALS: ClassVar[frozenset[str]] = frozenset()
    PRESENT: ClassVar[str] = ""
    LABEL: ClassVar[tuple[str, str] | None] = None
    COUNTS: ClassVar[frozenset[str]] = frozenset()
    ENDING: ClassVar[str] = ""
    KEYS: ClassVar[frozenset[str]] = frozenset()
    CLIENT: ClassVar[str | None] = None
    STARTS_AT_ZERO: ClassVar[bool] = False

    def __str__(self) -> str:
        return self.NAME

    def __eq__(self, other: object) -> bool:
        return type(self) is type(other)

    def __hash__(self) -> int:
        return hash(self.NAME)

    def family(self, name: str) -> str:
        """Return the name of the metric's family in the Python client and in OpenMetrics."""
        return name.removesuffix(self.ENDING)

    def grows(self, family: str, series: str) -> bool:
        """Return whether the series of a family only grows."""
        return any(series == f"{family}{self.ENDING}{suffix}" for suffix in self.TOTALS)

    def series(self, metric: Metric) -> dict[str, Metric]:
        """Return the metrics that can be selected, by name."""
        return {metric.name: metric}

    def facts(self, metric: Metric) -> dict[str, SeriesFacts]:
        """Return the facts of the metric's series, by their names."""
        return {metric.name + suffix: self._facts(metric, suffix) for suffix in self.SUFFIXES}

    def _facts(self, metric: Metric, suffix: str) -> SeriesFacts:
        labelled, own = self.LABEL or (None, "")
        labels = {label.name: label.possible for label in metric.labels if label.name != own}
        unit = COUNT if suffix in self.COUNTS else metric.unit
        facts = SeriesFacts(labels, not metric.recorded, unit.dimension)
        if suffix in self.TOTALS:
            facts = replace(facts, grows=True)
        else:
            low = metric.unit.least if metric.low is None else metric.low
            facts = replace(facts, low=low, high=metric.high)
        if suffix != labelled:
            return facts
        buckets = Buckets(metric.buckets, metric.unit.dimension) if metric.buckets else None
        return replace(facts, labels={**labels, own: GIVEN}, buckets=buckets)

    def series_per_label_set(self, metric: Metric) -> int:
        """Return the number of series that one set of the metric's labels has."""
        del metric
        return len(self.SUFFIXES)

    def typical(
        self, metric: Metric, labels: Mapping[str, str], level: float, growth: float
    ) -> Iterator[tuple[SeriesKey, float]]:
        """Yield the series of one label set: values around `level`, growing by `growth` per second."""
        yield series_key(metric.name, labels), growth if "" in self.TOTALS else level

    def independent(self, series: Population) -> Population:
        """Return the series without those that follow from others, each without the values it includes."""
        return series

    def exposed(self, metric: Metric, series: Population) -> Iterator[tuple[SeriesKey, float]]:
        """Yield the series to expose, given those of `independent`; counts are whole numbers."""
        is_whole = metric.unit.is_counted and "" in self.TOTALS
        return ((key, math.floor(value) if is_whole else value) for key, value in series.items())


@dataclass(frozen=True, slots=True)
class Metric:
    """A declared metric. `buckets` are the finite upper bounds, empty if these are not known.

    `low` and `high` bound its values. It is `recorded` by somebody else's recording rule if no target exposes
    it.
    """

    name: str
    type: MetricType
    unit: Unit = COUNT
    help: str = ""
    labels: tuple[Label, ...] = ()
    buckets: tuple[Fraction, ...] = ()
    merge: str | None = None
    low: Fraction | None = None
    high: Fraction | None = None
    recorded: bool = False

    @property
    def bounds(self) -> tuple[Fraction, ...]:
        """The finite bounds of a histogram that tests and simulations expose: assumed ones if not known."""
        return self.buckets or _DECADES

    @property
    def label_names(self) -> tuple[str, ...]:
        """The names of the metric's own labels, in the order of the spec."""
        return tuple(label.name for label in self.labels)

    @property
    def series_names(self) -> tuple[str, ...]:
        """The names of the exposed series."""
        return tuple(self.name + suffix for suffix in self.type.SUFFIXES)

    @property
    def totals(self) -> frozenset[str]:
        """The names of the series that only grow."""
        return frozenset(self.name + suffix for suffix in self.type.TOTALS)

    @property
    def present(self) -> str:
        """The name of a series that exists wherever the metric is exposed."""
        return self.name + self.type.PRESENT

    def facts(self) -> dict[str, SeriesFacts]:
        """Return the facts of its series, by their names."""
        return self.type.facts(self)

    def series(self) -> dict[str, Metric]:
        """Return the metrics that can be selected, by name: itself, and the counters among its series."""
        return self.type.series(self)


@dataclass(frozen=True, slots=True)
class Selector:
    """A selector of the series of one metric that every matcher matches."""

    metric: Metric
    matchers: tuple[Matcher, ...] = ()

    def __str__(self) -> str:
        """Return the selector as in the spec, without the matchers of target labels."""
        matchers = ",".join(map(str, self.matchers))
        return f"{self.metric.name}{{{matchers}}}" if matchers else self.metric.name

    def vector(self, select: Iterable[Matcher], window: int | None = None, suffix: str = "") -> Vector:
        """Return the PromQL selector: the matchers of `select` first, then its own."""
        return Vector(self.metric.name + suffix, (*select, *self.matchers), window)

    def present(self, select: Iterable[Matcher]) -> Vector:
        """Return the PromQL selector of series that exist if the selected ones do."""
        suffix, label = self.metric.type.LABEL or ("", "")
        is_labelled = any(matcher.label == label for matcher in self.matchers)
        return self.vector(select, suffix=suffix if is_labelled else self.metric.type.PRESENT)

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
            value for m in self.matchers if m.label == label and m.op == "=~" for value in examples(m.value)
        )
        return tuple(dict.fromkeys((*named, *split, _EXAMPLE)))

    def is_subset_of(self, other: Selector) -> bool:
        """Return whether `other` provably selects every series that this selector selects."""
        if self.metric.name != other.metric.name:
            return False
        facts = SeriesFacts({label.name: label.possible for label in self.metric.labels})
        return facts.implies(self.matchers, other.matchers)


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
