"""What the cases of one alert are made of: its targets, its levels, and the streams that make them."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from fractions import Fraction
from functools import cached_property
from typing import Final

from victor_monitoring.language.resolved.spec import Alert, Resolved
from victor_monitoring.promql.prometheus_version import OLDEST, WAYS
from victor_monitoring.rule_tests.levels import Levels
from victor_monitoring.rule_tests.monitoring import up
from victor_monitoring.rule_tests.oracle import Oracle
from victor_monitoring.rule_tests.script import Phase, Script
from victor_monitoring.signals.signal import LabelPairs, Signal, Stream

# More scrapes or evaluations than that take promtool minutes for a single case, and memory without end.
_MOST: Final = 100_000
TOO_LONG: Final = f"it would take more than {_MOST:,} scrapes or evaluations"
REPLICA = "test_replica"  # a label that tells two series of one instance apart


@dataclass(frozen=True)
class AlertFixture:
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
    def oracle(self) -> Oracle:
        """What is to be expected of the alert in the course of a script."""
        return Oracle(self.alert, self.spec.evaluate, self.settling)

    @cached_property
    def signals(self) -> tuple[Signal, ...]:
        """The signals that it reads: its own and the guard's, each after what it is made of."""
        found = (each for top in self.alert.signals for each in top.with_parts())
        return tuple({each.name: each for each in found}.values())

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
        """A phase of at least that long; an evaluation meets the first scrape of the next one."""
        evaluations = -(-milliseconds // self.spec.evaluate) + 1
        scrapes = -(-evaluations * self.spec.evaluate // self.spec.scrape)
        return Phase(scrapes, tuple(streams), restarted)

    def script(self, *phases: Phase) -> Script:
        """The phases at the spec's scrape interval; ValueError where no test can last so long."""
        script = Script(self.spec.scrape, phases)
        if is_too_long(script, self.spec.evaluate):
            raise ValueError(TOO_LONG)
        return script

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
        single = self.signal.kind.synthesise(self.signal, level, target, Fraction(1))
        for value in self.settled(guard, single):
            each = Fraction(value).limit_denominator(10**9)
            if traffic is not None and self.alert.guard.condition.holds(each * traffic):
                return mine
            return self.signal.kind.synthesise(self.signal, level, target, guard_level / each)
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

    def exactly(
        self, signal: Signal, level: Fraction, candidates: Iterable[tuple[Stream, ...]]
    ) -> tuple[Stream, ...]:
        """The first streams over which a signal is exactly at the level, in floating-point numbers too.

        In every supported version of Prometheus; empty where none of the candidates does it.
        """
        for streams in candidates:
            script = self.script(self.lasting(streams, self.settling))
            values = [signal.evaluate(script.samples(way), script.end) for way in WAYS]
            if all(set(each.values()) == {float(level)} for each in values):
                return streams
        return ()

    def totals(self, level: Fraction) -> Iterator[tuple[Stream, ...]]:
        """Streams that make the level of one total after another, in whole numbers at every scrape."""
        fewest = Fraction(level.denominator * 1000, self.spec.scrape)
        for traffic in (None, *(fewest * count for count in range(1, 41))):
            yield self.at(level, traffic)

    def settled(self, signal: Signal, streams: Iterable[Stream]) -> tuple[float, ...]:
        """The values of a signal once the streams have gone on for long."""
        script = self.script(self.lasting(streams, self.settling))
        values = signal.evaluate(script.samples(OLDEST), script.end).values()
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
        for signal in self.signals:
            by_way = [signal.recorded_at(script.samples(way), at) for way in WAYS]
            for record, values in by_way[0].items():
                others = [each[record] for each in by_way[1:]]
                if all(_agree(values, each) for each in others):
                    yield record, values


def is_too_long(script: Script, every: int) -> bool:
    """Whether the script lasts longer than a test can."""
    return script.end > _MOST * min(script.interval, every)


def _agree(one: Mapping[LabelPairs, float], other: Mapping[LabelPairs, float]) -> bool:
    """Whether both are the same finite values."""
    return one.keys() == other.keys() and all(
        math.isfinite(value) and math.isclose(value, other[key], rel_tol=1e-9, abs_tol=1e-9)
        for key, value in one.items()
    )


def still(stream: Stream) -> Stream:
    """The stream without traffic; a gauge stays as it is."""
    return replace(stream, step=Fraction(0))
