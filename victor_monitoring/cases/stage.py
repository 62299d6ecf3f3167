"""What the cases of one alert are made of: its targets, its levels, and the streams that make them."""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from fractions import Fraction
from functools import cached_property

from victor_monitoring.resolved.spec import Alert, Resolved
from victor_monitoring.signals.metric import Metric, Selector
from victor_monitoring.signals.signal import LabelPairs, Signal, Stream

from .levels import Levels
from .monitoring import up
from .outlook import Outlook
from .script import Phase, Script

REPLICA = "test_replica"  # a label that tells two series of one instance apart
ELSEWHERE = "elsewhere"  # the value of a target's label where it is not one of ours
# Traffic of what the alert must not read: so much that a trace of it would show.
_LOUD = Fraction(100_000)


@dataclass(frozen=True)
class Stage:
    """The surroundings of one alert."""

    spec: Resolved
    alert: Alert
    _made: dict[object, tuple[Stream, ...]] = field(default_factory=dict, repr=False, compare=False)

    @property
    def signal(self) -> Signal:
        """What the alert watches."""
        return self.alert.signal

    @cached_property
    def levels(self) -> Levels:
        """The levels at which it is tried."""
        return Levels(self.signal, self.alert.condition)

    @cached_property
    def outlook(self) -> Outlook:
        """What is to be expected of the alert in the course of a script."""
        return Outlook(self.alert, self.spec.evaluate, self.settling)

    @cached_property
    def signals(self) -> tuple[Signal, ...]:
        """The signals that it reads: its own and the guard's, each after what it is made of."""
        tops = [self.signal, *([self.alert.guard.signal] if self.alert.guard else [])]
        return tuple({each.name: each for top in tops for each in with_parts(top)}.values())

    @cached_property
    def settling(self) -> int:
        """The milliseconds after which a steady course of things is all that the signals see."""
        reach = max(
            max(each.window if each.kind.is_windowed() else 0, each.lookback) for each in self.signals
        )
        return reach + max(self.spec.scrape, self.spec.evaluate)

    @cached_property
    def until_firing(self) -> int:
        """The milliseconds after which an alert whose condition is always met certainly fires."""
        return self.settling + self.alert.pending + self.spec.evaluate

    @property
    def until_resolved(self) -> int:
        """The milliseconds after which an alert whose condition is no longer met has certainly resolved."""
        return self.settling + (self.alert.keep_firing or 0) + self.spec.evaluate

    def target(self, **changed: str) -> dict[str, str]:
        """The labels of a target of ours, some of them changed."""
        select = {matcher.label: matcher.value for matcher in self.signal.select}
        scope = {label: "here" for label in self.signal.scope if label not in select}
        return {**scope, **select, "instance": "a", **changed}

    def lasting(self, streams: Iterable[Stream], milliseconds: int, *, restarted: bool = False) -> Phase:
        """A phase of at least that long."""
        return Phase(-(-milliseconds // self.spec.scrape) + 1, tuple(streams), restarted)

    def script(self, *phases: Phase) -> Script:
        """The phases at the spec's scrape interval."""
        return Script(self.spec.scrape, phases)

    def beyond(self, percent: int = 1, **changed: str) -> tuple[Stream, ...]:
        """Streams over which the condition is met, and the guard's as clearly, at a target of ours."""
        return self.at(self.levels.beyond(percent), None, percent, **changed)

    def short(self, percent: int = 1, **changed: str) -> tuple[Stream, ...]:
        """The same with the signal short of its threshold."""
        return self.at(self.levels.short(percent), None, 1, **changed)

    def at(
        self, level: Fraction, traffic: Fraction | None = None, guard: int = 1, **changed: str
    ) -> tuple[Stream, ...]:
        """Streams over which the signal settles at the level, the guard's condition met by some percent."""
        key = (level, traffic, guard, *changed.items())
        if key not in self._made:
            guard_level = self.guard_levels.beyond(guard) if self.guard_levels else None
            self._made[key] = self.guarded(level, guard_level, traffic, **changed)
        return self._made[key]

    @cached_property
    def guard_levels(self) -> Levels | None:
        """The levels about the guard's threshold; None without a guard."""
        guard = self.alert.guard
        return None if guard is None else Levels(guard.signal, guard.condition)

    def guarded(
        self,
        level: Fraction,
        guard_level: Fraction | None,
        traffic: Fraction | None = None,
        **changed: str,
    ) -> tuple[Stream, ...]:
        """Streams over which the signal settles at one level and the guard's at another."""
        target = self.target(**changed)
        mine = self.signal.kind.synthesise(self.signal, level, target, traffic)
        if self.alert.guard is None or guard_level is None:
            return mine
        guard = self.alert.guard.signal
        theirs = guard.kind.synthesise(guard, guard_level, target)
        if not {each.metric for each in mine} & {each.metric for each in theirs}:
            return (*mine, *theirs)
        # Both read the same metric: the guard's value is set by how much traffic makes the level.
        for single in self.settled(
            guard, self.signal.kind.synthesise(self.signal, level, target, Fraction(1))
        ):
            traffic = guard_level / Fraction(single).limit_denominator(10**9)
            return self.signal.kind.synthesise(self.signal, level, target, traffic)
        raise ValueError(f"no traffic brings `{guard.name}` to its level beside `{self.signal.name}`")

    def worst(self) -> tuple[Stream, ...]:
        """Streams over which the signal is far beyond the threshold."""
        return self.beyond(100)

    def replicas(self) -> list[dict[str, str]]:
        """Targets of ours: two instances, and another series of the first, as when a pod was replaced."""
        first = self.target()
        return [first, self.target(instance="b"), {**first, REPLICA: "2"}]

    def failing(self, streams: Iterable[Stream]) -> tuple[Phase, ...]:
        """Phases until the alert fires, in which three scrapes fail, the last one at an evaluation."""
        made, spec = tuple(streams), self.spec
        evaluations = -(-(self.settling + self.alert.pending // 2) // spec.evaluate)
        scrapes = max(evaluations * spec.evaluate // spec.scrape - 2, 1)
        return (
            Phase(scrapes, made),
            Phase(3, made, failed=True),
            self.lasting(made, self.until_firing),
        )

    def spread(self, level: Fraction) -> tuple[Stream, ...]:
        """Streams of targets that differ and together make the level, the guard's condition being met."""
        targets = self.replicas()
        if "instance" in self.signal.labels:
            targets = [each for each in targets if each["instance"] == targets[0]["instance"]]
        mine = self.signal.kind.spread(self.signal, level, targets)
        if self.alert.guard is None or self.guard_levels is None:
            return mine
        guard = self.alert.guard.signal
        theirs = guard.kind.spread(guard, self.guard_levels.beyond(), targets)
        return (*mine, *(each for each in theirs if each.metric not in {stream.metric for stream in mine}))

    def exactly(self, level: Fraction) -> tuple[Stream, ...]:
        """Streams over which the signal is exactly at the level, in floating-point numbers too.

        In every supported version of Prometheus; empty where none of the first few totals does it.
        """
        fewest = Fraction(level.denominator * 1000, self.spec.scrape)  # whole numbers in every scrape
        for traffic in (None, *(fewest * count for count in range(1, 41))):
            try:
                streams = self.at(level, traffic)
            except ValueError:
                return ()
            script = self.script(self.lasting(streams, self.settling))
            values = [
                self.signal.evaluate(script.samples(left_open=left_open), script.end)
                for left_open in (False, True)
            ]
            if all(set(each.values()) == {float(level)} for each in values):
                return streams
        return ()

    def settled(self, signal: Signal, streams: Iterable[Stream]) -> tuple[float, ...]:
        """The values of a signal once the streams have gone on for long."""
        script = self.script(self.lasting(streams, self.settling))
        values = signal.evaluate(script.samples(left_open=False), script.end).values()
        return tuple(value for value in values if value > 0)

    def up(self) -> Stream:
        """Our target answers."""
        return up(self.target())

    @property
    def until_monitored(self) -> int:
        """The milliseconds after which the alerts on monitoring itself certainly fire, or have resolved."""
        pending = self.spec.meta.pending if self.spec.meta else 0
        return pending + 2 * self.spec.evaluate + self.spec.scrape

    def owners(self, signal: Signal) -> set[str]:
        """The components whose metrics a signal reads."""
        names = {reading.selector.metric.name for reading in signal.kind.readings()}
        return {each.component for each in self.spec.declared if names & each.metric.series().keys()}

    @property
    def records(self) -> tuple[str, ...]:
        """The names under which the signals and what they are made of are recorded."""
        return tuple(dict.fromkeys(each.record for signal in self.signals for each in signal.recordings()))

    def recorded(self, script: Script) -> Iterator[tuple[str, Mapping[LabelPairs, float]]]:
        """What is recorded at the last evaluation of a script, by name, where all versions agree on it."""
        at = script.end // self.spec.evaluate * self.spec.evaluate
        found: list[dict[str, dict[LabelPairs, float]]] = [{}, {}]
        for by_record, left_open in zip(found, (False, True), strict=True):
            samples = script.samples(left_open=left_open)
            for signal in self.signals:
                for recording in signal.recordings():
                    by_record.setdefault(recording.record, {}).update(recording.values(signal, samples, at))
        for record, values in found[0].items():
            others = found[1][record]
            if values.keys() == others.keys() and all(_agree(values[key], others[key]) for key in values):
                yield record, values

    def recorded_elsewhere(self, label: str) -> dict[str, tuple[Stream, ...]]:
        """By name, series that somebody else has recorded: a target that differs in a label is badly off."""
        target = self.target(**{label: ELSEWHERE})
        script = self.script(self.lasting(self.worst(), self.settling))
        found: dict[str, list[Stream]] = {}
        for signal in self.signals:
            for recording in signal.recordings():
                values = recording.values(signal, script.samples(left_open=False), script.end)
                for labels, value in values:
                    if not math.isnan(value):
                        stream = constant(recording.record, {**dict(labels), label: target[label]}, value)
                        found.setdefault(recording.record, []).append(stream)
        return {record: tuple(streams) for record, streams in found.items()}

    def elsewhere(self, streams: Iterable[Stream], label: str) -> tuple[Stream, ...]:
        """The streams at a target that differs in one label, with a lot of traffic."""
        return tuple(relabelled(louder(stream), label, ELSEWHERE) for stream in streams)

    def bystanders(self) -> tuple[Stream, ...]:
        """Series of the metrics that are read, with labels that no selector wants."""
        selectors = [reading.selector for each in self.signals for reading in each.kind.readings()]
        target = self.target()
        return tuple(
            stream
            for metric in {each.metric.name: each.metric for each in selectors}.values()
            for labels in Selector(metric).label_sets()
            if not any(each.matches(labels) for each in selectors if each.metric.name == metric.name)
            for stream in _loud(metric, {**target, **labels})
        )

    def others(self) -> Iterator[tuple[str, str]]:
        """For each label by which the signal tells its values apart: another value that it can have."""
        for label in self.signal.labels:
            if label not in {matcher.label for matcher in self.signal.select}:
                other = self._other(label)
                if other is not None:
                    yield label, other

    def _other(self, label: str) -> str | None:
        readings = [reading.selector for each in self.signals for reading in each.kind.readings()]
        owning = [each for each in readings if label in each.metric.label_names]
        if not owning:  # a target's label
            return ELSEWHERE
        used = {dict(stream.labels).get(label) for stream in self.beyond()}
        declared = (
            value
            for each in owning
            for of in each.metric.labels
            if of.name == label
            for value in of.values or ()
        )
        for value in itertools.chain(declared, [ELSEWHERE]):
            if value not in used and all(_allows(each, label, value) for each in owning):
                return value
        return None


def with_parts(signal: Signal) -> Iterator[Signal]:
    """What a signal is made of, and then itself."""
    for _, part in signal.kind.parts():
        yield from with_parts(part)
    yield signal


def relabelled(stream: Stream, label: str, value: str) -> Stream:
    """The stream with a label set."""
    return replace(stream, labels=tuple(sorted({**dict(stream.labels), label: value}.items())))


def constant(metric: str, labels: Mapping[str, str], value: float) -> Stream:
    """A series that stays at one value."""
    return Stream(metric, tuple(sorted(labels.items())), Fraction(value))


def _agree(one: float, other: float) -> bool:
    return math.isfinite(one) and math.isclose(one, other, rel_tol=1e-9, abs_tol=1e-9)


def still(stream: Stream) -> Stream:
    """The stream without traffic; a gauge stays as it is."""
    return replace(stream, step=Fraction(0))


def louder(stream: Stream) -> Stream:
    """The stream with a thousand times the traffic; a gauge stays as it is."""
    return replace(stream, step=stream.step * 1000)


def _loud(metric: Metric, labels: Mapping[str, str]) -> Iterator[Stream]:
    """The series of one label set of a metric, with a lot of traffic."""
    if metric.type == "histogram":
        for bound in (*(repr(float(each)) for each in metric.buckets), "+Inf"):
            pairs = tuple(sorted({**labels, "le": bound}.items()))
            yield Stream(f"{metric.name}_bucket", pairs, Fraction(0), _LOUD, total=True)
    elif metric.type == "counter":
        yield Stream(metric.name, tuple(sorted(labels.items())), Fraction(0), _LOUD, total=True)
    else:
        yield Stream(metric.name, tuple(sorted(labels.items())), _LOUD)


def _allows(selector: Selector, label: str, value: str) -> bool:
    """Whether the matchers of one label let a value through."""
    mine = tuple(matcher for matcher in selector.matchers if matcher.label == label)
    declared = next(of for of in selector.metric.labels if of.name == label)
    is_possible = declared.values is None or value in declared.values
    return is_possible and Selector(selector.metric, mine).matches({label: value})
