"""The fixture of one alert: the targets, levels, durations and streams that its cases are made of."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, field, replace
from fractions import Fraction
from functools import cached_property
from types import MappingProxyType
from typing import Final

from victor_monitoring.language.resolved.spec import Alert, Resolved
from victor_monitoring.promql.prometheus_version import DISTINCT_VERSIONS, OLDEST
from victor_monitoring.rule_tests.joint import Goal, Joint, reads
from victor_monitoring.rule_tests.levels import GuardingSignal, Level, Levels, guarding_signals
from victor_monitoring.rule_tests.meta_alerts import up
from victor_monitoring.rule_tests.oracle import Oracle
from victor_monitoring.rule_tests.script import Phase, Script
from victor_monitoring.signals.alert import Guard
from victor_monitoring.signals.evaluation import SamplesAt, evaluate
from victor_monitoring.signals.signal import LabelPairs, Signal
from victor_monitoring.signals.streams import Stream, relabelled
from victor_monitoring.signals.synthesis import synthesis

# More scrapes or evaluations than this take promtool minutes for a single case, and unbounded memory.
_MOST: Final = 100_000
TOO_LONG: Final = f"it would take more than {_MOST:,} scrapes or evaluations"
REPLICA = "test_replica"  # a label that distinguishes two series of one instance


@dataclass(frozen=True)
class AlertFixture:
    """One alert of a spec, with everything that its cases are made of."""

    spec: Resolved
    alert: Alert
    _made: dict[object, tuple[Stream, ...]] = field(default_factory=dict, repr=False, compare=False)

    @property
    def signal(self) -> Signal:
        """The signal of the alert."""
        return self.alert.signal

    @cached_property
    def levels(self) -> Levels:
        """The levels of the signal around the alert's threshold."""
        return Levels(self.signal, self.alert.condition)

    @cached_property
    def oracle(self) -> Oracle:
        """The oracle of the alert, which computes its expected states."""
        return Oracle(self.alert, self.alert.evaluate, self.settling)

    @cached_property
    def signals(self) -> tuple[Signal, ...]:
        """The signals that the alert reads: its own and those of guards, each after its parts."""
        found = (each for top in self.alert.signals for each in top.with_parts())
        return tuple({each.name: each for each in found}.values())

    @cached_property
    def settling(self) -> int:
        """The milliseconds after which the signals depend on nothing before a steady phase."""
        reach = max(
            max(each.window if each.kind.is_windowed() else 0, each.lookback) for each in self.signals
        )
        return reach + max(self.spec.scrape, self.alert.evaluate)

    @cached_property
    def until_firing(self) -> int:
        """The milliseconds after which an alert certainly fires if its condition is always met."""
        return self.settling + self.alert.pending + self.alert.evaluate

    @property
    def until_resolved(self) -> int:
        """The milliseconds after which an alert has certainly resolved if its condition is no longer met."""
        return self.settling + (self.alert.keep_firing or 0) + self.alert.evaluate

    def target(self, **changed: str) -> dict[str, str]:
        """Return the labels of a selected target, with `changed` applied."""
        return {**self.targets[0], **changed}

    @cached_property
    def targets(self) -> tuple[Mapping[str, str], ...]:
        """The labels of two selected targets; of one if `select` has its instance."""
        select = self.signal.select
        scope = {label: "here" for label in self.signal.scope if label not in select.labels}
        return tuple({**scope, **each} for each in select.targets("a", "b"))

    def lasting(self, streams: Iterable[Stream], milliseconds: int, *, restarted: bool = False) -> Phase:
        """Return a phase of at least this duration; the next phase's first scrape is at an evaluation."""
        evaluations = -(-milliseconds // self.alert.evaluate) + 1
        scrapes = -(-evaluations * self.alert.evaluate // self.spec.scrape)
        return Phase(scrapes, tuple(streams), restarted)

    def script(self, *phases: Phase) -> Script:
        """Return the phases as a script at the spec's scrape interval. Raise ValueError if it is too long."""
        script = Script(self.spec.scrape, phases)
        if is_too_long(script, self.alert.evaluate):
            raise ValueError(TOO_LONG)
        return script

    def beyond(self, percent: int = 1, **changed: str) -> tuple[Stream, ...]:
        """Return streams of a selected target beyond the threshold by a percentage; the guards are passed.

        It is a smaller percentage where a guard refuses this one.
        """
        *further, last = sorted({percent, min(percent, 10), 1}, reverse=True)
        for each in further:
            with suppress(ValueError):
                return self.at(self.levels.beyond(each), None, each, **changed)
        return self.at(self.levels.beyond(last), None, last, **changed)

    def short(self, percent: int = 1, **changed: str) -> tuple[Stream, ...]:
        """Return streams of a selected target short of the threshold by a percentage, the guards passed."""
        return self.at(self.levels.short(percent), None, 1, **changed)

    def at(
        self, level: Fraction, traffic: Fraction | None = None, guard: int = 1, **changed: str
    ) -> tuple[Stream, ...]:
        """Return streams with the signal at the level, the guards passed by `guard` percent."""
        key = (level, traffic, guard, *changed.items())
        if key not in self._made:
            self._made[key] = self.guarded(level, self.passed(guard), traffic, changed)
        return self._made[key]

    @cached_property
    def guarding(self) -> tuple[GuardingSignal, ...]:
        """The signals of the guards, each with its guards."""
        return guarding_signals(self.alert)

    def passed(self, percent: int = 1) -> dict[str, Level]:
        """Return a level of each guarding signal at which all guards allow firing, by the signal's name.

        Raise ValueError where guards contradict each other.
        """
        found: dict[str, Level] = {}
        for each in self.guarding:
            levels = list(each.allowing(percent))
            if not levels:
                raise ValueError(f"the guards on `{each.signal.name}` are never passed together")
            found[each.signal.name] = levels[0]
        return found

    def guarded(
        self,
        level: Level,
        levels: Mapping[str, Level],
        traffic: Fraction | None = None,
        changed: Mapping[str, str] = MappingProxyType({}),
        *,
        exactly: bool = True,
    ) -> tuple[Stream, ...]:
        """Return streams with the signal at one level, and those of the guards at others, by name.

        Unless `exactly`, any level that meets the condition like this one will do. Labels that are `changed`
        are so in the streams of signals that have them. Raise ValueError where signals read the same series
        and no amount of traffic yields all levels.
        """

        def streams(signal: Signal, level: Fraction, traffic: Fraction | None) -> tuple[Stream, ...]:
            mine = {key: value for key, value in changed.items() if self._is_in(key, signal)}
            return synthesis(signal).synthesise(level, self.target(**mine), traffic)

        goals = (self._goal(level, exactly=exactly), *self._goals(levels))
        return Joint(streams, self.settled).streams(goals, traffic)

    def with_guards(self, own: tuple[Stream, ...]) -> tuple[Stream, ...]:
        """Return streams of the alert's own signal, with those that pass the guards.

        Raise ValueError where that is impossible, as a guard reads the former.
        """

        def streams(signal: Signal, level: Fraction, traffic: Fraction | None) -> tuple[Stream, ...]:
            return synthesis(signal).synthesise(level, self.target(), traffic)

        return Joint(streams, self.settled).next_to(own, self._goals(self.passed()))

    def _goal(self, level: Level, *, exactly: bool) -> Goal:
        own = (Guard("only_if", self.signal, self.alert.condition),)
        guarding = None if exactly else GuardingSignal(self.signal, own)
        return Goal(self.signal, level, guarding, is_near=exactly)

    def _goals(self, levels: Mapping[str, Level]) -> list[Goal]:
        return [Goal(each.signal, levels[each.signal.name], each) for each in self.guarding]

    def _is_in(self, label: str, signal: Signal) -> bool:
        return signal.name == self.signal.name or label in signal.labels

    def elsewhere(self, streams: Iterable[Stream], label: str, value: str) -> tuple[Stream, ...]:
        """Return the streams with another value of the label, without those of guards that do not have it."""
        own = [each for each in self.alert.signals if self._is_in(label, each)]
        return tuple(
            relabelled(each, label, value) for each in streams if any(reads(signal, each) for signal in own)
        )

    def worst(self) -> tuple[Stream, ...]:
        """Return streams with the signal far beyond the threshold, as far as the guards allow."""
        return self.beyond(100)

    def replicas(self) -> list[dict[str, str]]:
        """Return selected targets: two instances, and a second series of the first, as of a replaced pod.

        Where `select` has one instance, there is one target.
        """
        first, *others = map(dict, self.targets)
        return [first, *others, *([{**first, REPLICA: "2"}] if others else [])]

    def has_replicas(self) -> bool:
        """Return whether several targets can be selected."""
        return len(self.targets) > 1

    def failing(self, streams: Iterable[Stream]) -> tuple[Phase, ...]:
        """Return phases until the alert fires in which three scrapes fail, the last one at an evaluation."""
        made, spec = tuple(streams), self.spec
        evaluations = -(-(self.settling + self.alert.pending // 2) // self.alert.evaluate)
        scrapes = max(evaluations * self.alert.evaluate // spec.scrape - 2, 1)
        return (
            Phase(scrapes, made),
            Phase(3, made, failed=True),
            self.lasting(made, self.until_firing),
        )

    def spread(
        self, level: Level, levels: Mapping[str, Level] | None = None, *, exactly: bool = True
    ) -> tuple[Stream, ...]:
        """Return streams of targets that differ and together make the level, and those of guards, by name.

        By default the guards are passed. `exactly` is as in `guarded`.
        """
        targets = self.replicas()
        if "instance" in self.signal.labels:
            targets = [each for each in targets if each["instance"] == targets[0]["instance"]]

        def streams(signal: Signal, level: Fraction, traffic: Fraction | None) -> tuple[Stream, ...]:
            return tuple(
                each
                if traffic is None
                else replace(each, start=each.start * traffic, step=each.step * traffic)
                for each in synthesis(signal).spread(level, targets)
            )

        goals = (self._goal(level, exactly=exactly), *self._goals(levels or self.passed()))
        return Joint(streams, self.settled).streams(goals)

    def exactly(
        self, signal: Signal, level: Fraction, candidates: Iterable[tuple[Stream, ...]]
    ) -> tuple[Stream, ...]:
        """Return the first candidate with the signal at the level exactly, in floating-point arithmetic too.

        It is exact in every supported version of Prometheus. Return an empty tuple where no candidate is.
        """
        for streams in candidates:
            script = self.script(self.lasting(streams, self.settling))
            values = [evaluate(signal, script.samples(way), script.end) for way in DISTINCT_VERSIONS]
            if all(set(each.values()) == {float(level)} for each in values):
                return streams
        return ()

    def totals(self, level: Fraction) -> Iterator[tuple[Stream, ...]]:
        """Yield streams that make the level of ever larger totals, in whole numbers at every scrape."""
        fewest = Fraction(level.denominator * 1000, self.spec.scrape)
        for traffic in (None, *(fewest * count for count in range(1, 41))):
            yield self.at(level, traffic)

    def settled(self, signal: Signal, streams: Iterable[Stream]) -> tuple[Fraction, ...]:
        """Return the finite values of a signal once the streams have lasted long enough to settle."""
        script = self.script(self.lasting(streams, self.settling))
        values = evaluate(signal, script.samples(OLDEST), script.end).values()
        return tuple(Fraction(each).limit_denominator(10**9) for each in values if math.isfinite(each))

    def up(self) -> Stream:
        """Return the `up` series of the selected target."""
        return up(self.target())

    @property
    def until_monitored(self) -> int:
        """The milliseconds after which the meta alerts certainly fire, or have resolved."""
        pending = self.spec.meta.pending if self.spec.meta else 0
        return pending + 2 * self.alert.evaluate + self.spec.scrape

    def owners(self, signal: Signal) -> set[str]:
        """Return the names of the components whose metrics a signal reads."""
        names = {reading.selector.metric.name for reading in signal.kind.readings()}
        return {each.component for each in self.spec.declared if names & each.metric.series().keys()}

    @property
    def records(self) -> tuple[str, ...]:
        """The names under which the signals and their parts are recorded."""
        return tuple(dict.fromkeys(each.name for signal in self.signals for each in signal.recordings()))

    def recorded(self, script: Script) -> Iterator[tuple[str, Mapping[LabelPairs, float]]]:
        """Yield the values recorded at a script's last evaluation, by name, where all versions agree."""
        at = script.end // self.alert.evaluate * self.alert.evaluate
        for signal in self.signals:
            by_way = [SamplesAt(script.samples(way), at).recorded(signal) for way in DISTINCT_VERSIONS]
            for record, values in by_way[0].items():
                others = [each[record] for each in by_way[1:]]
                if all(_agree(values, each) for each in others):
                    yield record, values


def is_too_long(script: Script, every: int) -> bool:
    """Return whether the script has more scrapes or evaluations than a test may have."""
    return script.end > _MOST * min(script.interval, every)


def _agree(one: Mapping[LabelPairs, float], other: Mapping[LabelPairs, float]) -> bool:
    """Return whether both are the same finite values."""
    return one.keys() == other.keys() and all(
        math.isfinite(value) and math.isclose(value, other[key], rel_tol=1e-9, abs_tol=1e-9)
        for key, value in one.items()
    )


def still(stream: Stream) -> Stream:
    """Return the stream without traffic; a gauge stays as it is."""
    return replace(stream, step=Fraction(0)) if stream.total else stream
