"""A signal: one number per label set, read from metrics in the way of its kind."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from typing import ClassVar, TypeAlias

from victor_monitoring.promql.samples import Samples
from victor_monitoring.promql.tree import Expr, Matcher, Vector
from victor_monitoring.signals.metric import MetricType, Population, Selector, SeriesKey, groups, selected
from victor_monitoring.signals.quantity import Quantity, Unit

At = tuple[str | int, ...]
LabelPairs: TypeAlias = tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class Interval:
    """The values that a signal can take, bounds included; None is unbounded."""

    low: Fraction | None
    high: Fraction | None


@dataclass(frozen=True, slots=True)
class KindInput:
    """A selector that a kind reads: where it stands below the kind, and the metric types that fit."""

    at: At
    selector: Selector
    accepts: frozenset[MetricType]

    @property
    def suffixes(self) -> tuple[str, ...]:
        """What follows the metric's name in the names of its series."""
        return ("_bucket", "_count", "_sum") if self.selector.metric.type == "histogram" else ("",)


@dataclass(frozen=True, slots=True)
class Share:
    """A part and the whole that must contain it, for the value to stay at or below 1."""

    at: At
    part: Selector
    whole: Selector
    promised: bool


@dataclass(frozen=True, slots=True)
class InvalidParameters:
    """A combination of parameters that has no meaning: where below the kind, what and the way to mend it."""

    at: At
    message: str
    hint: str


@dataclass(frozen=True, slots=True)
class Recording:
    """A recording rule of a signal."""

    record: str
    expr: Expr
    labels: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class Stream:
    """A synthetic series: `start` at the first scrape, `step` more at each one after.

    A `total` only grows, so that where one stream follows another it goes on from the value reached.
    """

    metric: str
    labels: tuple[tuple[str, str], ...]
    start: Fraction
    step: Fraction = Fraction(0)
    total: bool = False


@dataclass(frozen=True, slots=True)
class DominantPart:
    """Series over which a signal settles at a level mostly by one part: `lost` as much as the part can.

    In `at_best` that part is at its best and all others are as before, in `gone` it has no series.
    """

    part: str
    lost: tuple[Stream, ...]
    at_best: tuple[Stream, ...]
    gone: tuple[Stream, ...]


def shared(stream: Stream, target: Mapping[str, str], share: Fraction) -> Stream:
    """A share of a series, at another target."""
    labels = tuple(sorted({**dict(stream.labels), **target}.items()))
    return replace(stream, labels=labels, start=stream.start * share, step=stream.step * share)


class SignalKind(ABC):
    """How a signal is read. A kind is a frozen dataclass whose fields are its parameters in the spec.

    `NAME` is the key in the spec; `INLINE` names the one field that stands for the whole value, where
    the value is a list.
    """

    __slots__ = ()
    NAME: ClassVar[str]
    INLINE: ClassVar[str | None] = None

    @abstractmethod
    def readings(self) -> tuple[KindInput, ...]:
        """Every selector that is read, in the order of the spec."""

    @abstractmethod
    def units(self) -> tuple[Unit, ...]:
        """The units that the value can have."""

    @abstractmethod
    def range(self) -> Interval:
        """The values that are possible."""

    @abstractmethod
    def promql(self, signal: Signal) -> Expr:
        """The expression whose value is the signal."""

    @abstractmethod
    def words(self, signal: Signal) -> str:
        """What the signal is, in a phrase."""

    @abstractmethod
    def synthesise(
        self, signal: Signal, level: Fraction, target: Mapping[str, str], traffic: Fraction | None = None
    ) -> tuple[Stream, ...]:
        """Series of one target, with its labels, over which the signal settles at `level`.

        It settles once a whole window has passed. `traffic` is how much there is of what the value is a
        share of, events a second or a gauge; by default as little as makes whole numbers. ValueError
        where no series can make that level.
        """

    @abstractmethod
    def evaluate(self, signal: Signal, samples: Samples, at: int) -> dict[LabelPairs, float]:
        """The values over the samples up to `at` (milliseconds): what `promql` yields at that time.

        Keys are the signal's labels in order, less those that the series lack. A value can be NaN.
        """

    def spread(
        self, signal: Signal, level: Fraction, targets: Sequence[Mapping[str, str]]
    ) -> tuple[Stream, ...]:
        """Series of several targets that differ, over which the signal of all together settles at `level`.

        Here each series is shared out, the first mostly to the last target, the next mostly to the first.
        """
        shares = [
            Fraction(1 + index, len(targets) * (len(targets) + 1) // 2) for index in range(len(targets))
        ]
        return tuple(
            shared(stream, target, share)
            for index, stream in enumerate(self.synthesise(signal, level, targets[0]))
            for target, share in zip(targets, shares if index % 2 == 0 else shares[::-1], strict=True)
        )

    def dominant_parts(
        self, signal: Signal, level: Fraction, targets: Sequence[Mapping[str, str]]
    ) -> Iterator[DominantPart]:
        """For each part the ways to make the level mostly by it, over several targets that differ."""
        return iter(())

    @abstractmethod
    def set_level(self, signal: Signal, level: float, population: Population) -> Population:
        """The series of a population that must change for the signal to settle at `level`, changed.

        The population is one label set of the signal. As much as can be is kept: the traffic of a ratio, the
        proportions of its parts. ValueError where its series cannot make that level.
        """

    def operation(self, signal: Signal) -> str | None:
        """The last part of the recorded series' name; None where the kind is never recorded."""
        return None

    def is_windowed(self) -> bool:
        """Whether the signal's window is used."""
        return self.reads_counters()

    def reads_counters(self) -> bool:
        """Whether any selector is of a metric that only grows."""
        return any(reading.selector.metric.type != "gauge" for reading in self.readings())

    def recordings(self, signal: Signal) -> tuple[Recording, ...]:
        """The recording rules, in order; the last one is the signal."""
        return (Recording(signal.record, self.promql(signal)),)

    def always_recorded(self) -> bool:
        """Whether it is recorded even where only panels use it."""
        return False

    def is_evaluable(self) -> bool:
        """Whether a process can compute the value from its own samples."""
        return all(part.kind.is_evaluable() for _, part in self.parts())

    def shares(self) -> tuple[Share, ...]:
        """The parts that must lie within a whole."""
        return ()

    def grain(self) -> Fraction | None:
        """The distance between values that are possible; None where they lie as close as one likes."""
        return None

    def levels(self) -> tuple[Fraction, ...] | None:
        """The only thresholds with an exact meaning; None where every one has."""
        return None

    def quantities(self) -> tuple[tuple[At, Quantity, Unit], ...]:
        """The quantities among the parameters, each with where it stands and the unit it must have."""
        return ()

    def parts(self) -> tuple[tuple[At, Signal], ...]:
        """The signals that this one is made of, each with where it is named."""
        return ()

    def part_levels(self, level: float) -> tuple[tuple[Signal, float], ...]:
        """The signals that this one is made of, each with a level at which this one is at `level`."""
        del level  # a kind without parts
        return ()

    def losses(self, signal: Signal, samples: Samples, at: int) -> dict[str, dict[LabelPairs, float]]:
        """What each part takes from the value at that time, by the part's name; only what is above 0."""
        del signal, samples, at  # a kind without parts
        return {}

    def faults(self, signal: Signal) -> Iterator[InvalidParameters]:
        """Combinations of parameters that have no meaning."""
        return iter(())


@dataclass(frozen=True, slots=True)
class Signal:
    """A resolved signal. Durations are milliseconds; `select` and `scope` say which targets it reads."""

    name: str
    title: str
    unit: Unit
    kind: SignalKind
    select: tuple[Matcher, ...]
    scope: tuple[str, ...]
    by: tuple[str, ...]
    window: int
    scrape: int
    prefix: str
    recorded: bool = False

    @property
    def labels(self) -> tuple[str, ...]:
        """The labels of every value: select's, scope and `by`, each once."""
        return tuple(dict.fromkeys((*(matcher.label for matcher in self.select), *self.scope, *self.by)))

    @property
    def lookback(self) -> int:
        """How far back a gauge is read, so that one failed scrape leaves no gap."""
        return 4 * self.scrape

    @property
    def record(self) -> str:
        """The recorded series' name: `<labels>:<prefix><signal>:<operation>`."""
        return self.record_as(self.kind.operation(self) or "value")

    def record_as(self, operation: str) -> str:
        """The name of a series recorded for this signal."""
        return f"{'_'.join(self.labels)}:{self.prefix}{self.name}:{operation}"

    def series_in(self, population: Population) -> set[SeriesKey]:
        """The series of a population that the signal reads, its parts' too."""
        own = {
            series
            for reading in self.kind.readings()
            for suffix in reading.suffixes
            for series in selected(population, reading.selector, suffix)
        }
        return own.union(*(part.series_in(population) for _, part in self.kind.parts()))

    def label_sets(self, population: Population) -> dict[tuple[tuple[str, str], ...], Population]:
        """The label sets of the signal on a target with these series, each with what it is read from."""
        mine = self.series_in(population)
        read = {series: value for series, value in population.items() if series in mine}
        return {labels: part for labels, part in groups(read, self.by).items() if part}

    def set_level(self, level: float, population: Population) -> Population:
        """The population with this signal at `level`, for every label set; ValueError where it cannot be."""
        found = dict(population)
        for part in self.label_sets(population).values():
            found.update(self.kind.set_level(self, level, part))
        return found

    def definition(self) -> Expr:
        """The signal computed from its metrics."""
        return self.kind.promql(self)

    def value(self) -> Expr:
        """The signal as everything else reads it: the recorded series, or the definition."""
        return Vector(self.record, self.select) if self.recorded else self.definition()

    def evaluate(self, samples: Samples, at: int) -> dict[LabelPairs, float]:
        """Its values over the samples up to `at`, in milliseconds."""
        return self.kind.evaluate(self, samples, at)

    def with_parts(self) -> Iterator[Signal]:
        """What it is made of, and then itself."""
        for _, part in self.kind.parts():
            yield from part.with_parts()
        yield self

    def recordings(self) -> tuple[Recording, ...]:
        """Its recording rules, in order; none where it is not recorded."""
        return self.kind.recordings(self) if self.recorded else ()

    def recorded_at(self, samples: Samples, at: int) -> dict[str, dict[LabelPairs, float]]:
        """What its recording rules record over the samples at that time, by name, with their own labels."""
        recordings = self.recordings()
        found: dict[str, dict[LabelPairs, float]] = {each.record: {} for each in recordings}
        losses = self.kind.losses(self, samples, at) if any(each.labels for each in recordings) else {}
        for each in recordings:
            values = losses.get(dict(each.labels)["part"], {}) if each.labels else self.evaluate(samples, at)
            found[each.record].update({(*labels, *each.labels): value for labels, value in values.items()})
        return found
