"""Signals and the interface of their kinds: one number per label set, computed from metrics."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property
from typing import ClassVar, Final, TypeAlias

from victor_monitoring.promql.evaluation.evaluator import Evaluation, UnsupportedError, compiled
from victor_monitoring.promql.inference.facts import SeriesFacts
from victor_monitoring.promql.inference.infer import Inferred, inferred
from victor_monitoring.promql.inference.intervals import UNBOUNDED, Interval, shared
from victor_monitoring.promql.rules import Rule
from victor_monitoring.promql.tree import Call, Expr, Vector, nodes
from victor_monitoring.signals.metric import LEVEL, Metric, Selector, SeriesRole
from victor_monitoring.signals.quantity import Condition, Quantity
from victor_monitoring.signals.select import Select
from victor_monitoring.signals.units import Unit

At = tuple[str | int, ...]
LabelPairs: TypeAlias = tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class KindInput:
    """A selector that a kind reads: its path below the kind, and the roles of series that it accepts.

    `series` is the name of the one series that raw PromQL selects.
    """

    at: At
    selector: Selector
    roles: frozenset[SeriesRole]
    series: str | None = None

    @property
    def role(self) -> SeriesRole | None:
        """The role in which the kind reads the metric; None if the metric has no series of that role."""
        return next(iter(self.roles & self.selector.metric.type.ROLES), None)

    @property
    def read_names(self) -> tuple[str, ...]:
        """The names of the series that the kind's expression reads."""
        if self.series is not None:
            return (self.series,)
        suffixes = self.role.suffixes if self.role else ()
        return tuple(self.selector.metric.name + suffix for suffix in suffixes)


@dataclass(frozen=True, slots=True)
class Share:
    """A part and the whole that must contain it, so that the value is at most 1."""

    at: At
    part: Selector
    whole: Selector
    promised: bool


@dataclass(frozen=True, slots=True)
class InvalidParameters:
    """An invalid combination of parameters: its path below the kind, the message and the hint."""

    at: At
    message: str
    hint: str


# The metadata of a kind's later parameter: registry modules contain it only where it is set.
LATER: Final = {"later": True}


class SignalKind(ABC):
    """The computation of a signal. A kind is a frozen dataclass; its fields are the parameters in the spec.

    `NAME` is the key in the spec. A single parameter that is a list or raw PromQL is the value of the key.
    """

    __slots__ = ()
    NAME: ClassVar[str]

    @abstractmethod
    def readings(self) -> tuple[KindInput, ...]:
        """Return every selector that the kind reads, in the order of the spec."""

    @abstractmethod
    def units(self) -> tuple[Unit, ...] | None:
        """Return the units that the value can have; None for any."""

    @abstractmethod
    def promql(self, signal: Signal) -> Expr:
        """Return the expression that computes the signal from its metrics."""

    @abstractmethod
    def words(self, signal: Signal) -> str:
        """Return a noun phrase that describes the signal, for documentation."""

    def promised(self) -> Interval:
        """Return the bounds that the kind promises where its expression does not show them."""
        return UNBOUNDED

    def operation(self, signal: Signal) -> str | None:
        """Return the last part of the recorded series' name; None if the kind is never recorded."""
        return None

    def is_windowed(self) -> bool:
        """Return whether the kind uses the signal's window: it reads series that only grow."""
        return any(reading.role is not LEVEL for reading in self.readings())

    def window(self) -> int | None:
        """Return the window of raw PromQL, in milliseconds; None of a kind that uses the signal's."""
        return None

    def own_labels(self, signal: Signal) -> tuple[str, ...]:
        """Return the labels that tell values apart where the spec gives no `by`."""
        del signal  # of a kind that aggregates all others away
        return ()

    def history(self, signal: Signal) -> int:
        """Return how long before an evaluation a sample can matter to it, in milliseconds."""
        return max(signal.window, signal.lookback)

    def facts(self) -> dict[str, SeriesFacts]:
        """Return the facts of the series that the kind reads, by their names."""
        metrics = dict.fromkeys(each.selector.metric for each in self.readings())
        return {name: each for metric in metrics for name, each in metric.facts().items()}

    def kept(self, signal: Signal, labels: tuple[str, ...]) -> tuple[str, ...]:
        """Return those of the labels of `select`, `scope` and `by` that the values have."""
        del signal  # of a kind whose expression keeps all of them
        return labels

    def recordings(self, signal: Signal) -> tuple[Rule, ...]:
        """Return the recording rules, in order; the last one records the signal."""
        return (Rule("record", signal.record, self.promql(signal)),)

    def shares(self) -> tuple[Share, ...]:
        """Return the selectors that must be subsets of others for the value to be at most 1."""
        return ()

    def grain(self) -> Fraction | None:
        """Return the distance between adjacent possible values; None if the values are continuous."""
        return None

    def exact_thresholds(self) -> tuple[Fraction, ...] | None:
        """Return the thresholds known to have an exact meaning; None if every threshold has."""
        return None

    def can_equal(self, threshold: Fraction) -> bool:
        """Return whether values, of series or whole, can equal a threshold exactly."""
        del threshold  # of a kind that computes fractions
        return False

    def is_condition(self) -> bool:
        """Return whether there is a value only while something holds: then any value means that it does."""
        return False

    def overstated(self, signal: Signal, count: Fraction) -> Fraction | None:
        """Return the value that so many events may have; None if the value is not a number of events."""
        del signal, count  # of a kind that counts events
        return None

    def quantities(self) -> tuple[tuple[At, Quantity, Unit], ...]:
        """Return the quantities among the parameters, each with its path and the unit that it must have."""
        return ()

    def parts(self) -> tuple[tuple[At, Signal], ...]:
        """Return the signals that this one is computed from, each with the path of its name."""
        return ()

    def faults(self, signal: Signal) -> Iterator[InvalidParameters]:
        """Yield the invalid combinations of parameters."""
        return iter(())


@dataclass(frozen=True)
class Signal:
    """A resolved signal. Durations are milliseconds; `select` and `scope` choose its targets.

    `own_record` is the name that the spec gives to the recorded series.
    """

    name: str
    title: str
    unit: Unit
    kind: SignalKind
    select: Select
    scope: tuple[str, ...]
    by: tuple[str, ...]
    window: int
    scrape: int
    prefix: str
    recorded: bool = False
    own_record: str | None = None

    @cached_property
    def labels(self) -> tuple[str, ...]:
        """The labels of every value: those of `select`, `scope` and `by`, each once; open ones have more.

        Raw PromQL may lose some of them.
        """
        return self.kind.kept(self, tuple(dict.fromkeys((*self.select.labels, *self.scope, *self.by))))

    @property
    def lost(self) -> Mapping[str, str]:
        """The labels that `select` sets to one value and raw PromQL loses, with their values."""
        return {label: value for label, value in self.select.fixed.items() if label not in self.labels}

    @property
    def history(self) -> int:
        """How long before an evaluation a sample can matter to the value, in milliseconds."""
        return self.kind.history(self)

    @property
    def lookback(self) -> int:
        """The range of a gauge's selector, long enough that one failed scrape leaves no gap."""
        return 4 * self.scrape

    @property
    def has_lookback(self) -> bool:
        """Whether gauges are read over the look-back: without a select nothing says how often they come."""
        return bool(self.select)

    @property
    def record(self) -> str:
        """The name of the recorded series."""
        return self.own_record or self.record_as(self.kind.operation(self) or "value")

    def record_as(self, operation: str) -> str:
        """Return the name of a series recorded for this signal: `<labels>:<prefix><signal>:<operation>`."""
        return f"{'_'.join(self.labels)}:{self.prefix}{self.name}:{operation}"

    def definition(self) -> Expr:
        """Return the expression that computes the signal from its metrics."""
        return self.kind.promql(self)

    @cached_property
    def inference(self) -> Inferred:
        """The labels, dimension, range and emptiness that follow from the definition and the metrics.

        Nothing of the metrics is used if a selector can select nothing, which another check reports.
        """
        selectors = [reading.selector for reading in self.kind.readings()]
        is_empty = any(next(each.label_sets(), None) is None for each in selectors)
        return inferred(self.definition(), {} if is_empty else self.kind.facts())

    @property
    def range(self) -> Interval:
        """The possible values, bounds included: those of the definition that the kind promises."""
        promised = self.kind.promised()
        return shared(self.inference.range.interval, promised) or promised

    @property
    def is_open(self) -> bool:
        """Whether the values keep every label of their series, known or not."""
        return not self.inference.is_aggregated

    def value(self) -> Expr:
        """Return the expression that reads the signal: its recorded series if any, else its definition."""
        if not self.recorded:
            return self.definition()
        return Vector(self.record, self.select.only(self.labels).matchers)

    def condition(self, written: Condition) -> Condition:
        """Return a condition on the signal's values: in its unit, and with an order within its range."""
        found = written.in_unit(self.unit)
        return found if found.order else found.within(self.range.low, self.range.high)

    def with_parts(self) -> Iterator[Signal]:
        """Yield all signals that this one is computed from, and then itself."""
        for _, part in self.kind.parts():
            yield from part.with_parts()
        yield self

    def metrics(self) -> Iterator[Metric]:
        """Yield the metrics that the signal and its parts read, one for each selector."""
        for each in self.with_parts():
            yield from (reading.selector.metric for reading in each.kind.readings())

    def recorded_facts(self) -> SeriesFacts:
        """Return the facts of the recorded series."""
        found, bounds = self.inference, self.range
        labels = found.labels.unnamed()
        return SeriesFacts(labels.named, labels.open, found.dimension, bounds.low, bounds.high)

    def recordings(self) -> tuple[Rule, ...]:
        """Return the recording rules, in order; empty if the signal is not recorded."""
        return self.kind.recordings(self) if self.recorded else ()

    @cached_property
    def evaluations(self) -> tuple[tuple[Rule, Evaluation], ...]:
        """The recording rules that the signal has, or would have, each with its evaluation.

        The last one is of the signal itself. Raise UnsupportedError if the evaluator leaves a function out.
        """
        return tuple((rule, compiled(rule.expr)) for rule in self.kind.recordings(self))

    @cached_property
    def reads_time(self) -> bool:
        """Whether the value changes with time even if no sample does."""
        calls = (call for each in self.with_parts() for call in nodes(each.definition(), Call))
        return any(call.function == "time" for call in calls)

    def is_evaluable(self) -> bool:
        """Return whether a process can compute the values from its own samples."""
        try:
            return all(each.evaluations for each in self.with_parts())
        except UnsupportedError:
            return False


def labels_of_targets(signals: Iterable[Signal], instance: str) -> dict[str, Mapping[str, str]]:
    """Return the target labels of each series that the signals read on one instance, by the series' name.

    The label `instance` is another one where `select` does not match this.
    """
    return {
        name: target
        for signal in signals
        for target in signal.select.targets(instance)
        for reading in signal.kind.readings()
        for name in reading.read_names
    }
