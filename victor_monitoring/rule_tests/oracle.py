"""The expected states of an alert in the course of a script, computed by evaluating its signal.

Versions of Prometheus compute in different ways, and floating-point arithmetic may put a value that equals
its threshold on either side of it. The expected result is the one that all of these have in common.

Evaluations are the main cost of deriving cases. So the signal is evaluated where it has settled, and where it
changes; between two phases that settle in the same state, it is assumed not to change.
"""

from __future__ import annotations

import bisect
import itertools
import math
from collections.abc import Iterator, Mapping, Sequence, Set
from dataclasses import dataclass, field
from functools import cached_property

from victor_monitoring.language.resolved.spec import Alert
from victor_monitoring.promql.prometheus_version import DISTINCT_VERSIONS, OLDEST, PrometheusVersion
from victor_monitoring.promql.samples import LOOKBACK
from victor_monitoring.rule_tests.script import Script
from victor_monitoring.signals.evaluation import SamplesAt, ValuesByLabels
from victor_monitoring.signals.signal import LabelPairs
from victor_monitoring.signals.streams import Stream

# A value nearer to its threshold than this share of it may be on either side.
_CLOSE = 1e-9
# The newest version whose windows include a sample at their start.
_CLOSED = max(way for way in DISTINCT_VERSIONS if not way.left_open)
_NONE: Mapping[LabelPairs, int] = {}


@dataclass(frozen=True, slots=True)
class ConditionState:
    """The label sets for which the condition is met at one evaluation, and those where it may be met."""

    met: frozenset[LabelPairs]
    close: frozenset[LabelPairs]


@dataclass(frozen=True, slots=True)
class FiringMoment:
    """The label sets that fire at one evaluation, each with the times of its value in all versions."""

    at: int
    firing: Mapping[LabelPairs, frozenset[int]]


@dataclass(frozen=True)
class Oracle:
    """The expected states and values of one alert.

    `every` is the evaluation interval, `settling` the time into a phase after which a signal depends on this
    phase alone; both in milliseconds.
    """

    alert: Alert
    every: int
    settling: int
    _known: dict[tuple[int, int | None, PrometheusVersion], ValuesByLabels] = field(
        default_factory=dict, repr=False, compare=False
    )
    _streams: list[tuple[Stream, ...]] = field(default_factory=list, repr=False, compare=False)

    @cached_property
    def reaches(self) -> frozenset[int]:
        """The distances, in milliseconds, to the oldest samples that evaluations read."""
        signals = (each for top in self.alert.signals for each in top.with_parts())
        found = (each.window if each.kind.is_windowed() else each.lookback for each in signals)
        return frozenset((*found, LOOKBACK))

    @cached_property
    def reads_time(self) -> bool:
        """Whether values change with time, so that no phase settles exactly."""
        return any(each.reads_time for each in self.alert.signals)

    def moments(self, script: Script) -> list[FiringMoment | None]:
        """Return the firing label sets around each possible change, and at the last evaluation.

        A moment is None where versions disagree. Between the moments nothing changes.
        """
        courses = {tuple(self._changes(script, way)) for way in DISTINCT_VERSIONS}
        ways = {
            tuple((at, state.met | state.close if ties else state.met) for at, state in course)
            for course in courses
            for ties in (True, False)
        }
        times = self._turns({at for way in ways for at, _ in way}, script.end)
        firing = [list(self._firing(times, way)) for way in ways]
        return [_agreed(at, each) for at, *each in zip(times, *firing, strict=True)]

    def most(self, script: Script) -> int:
        """Return the largest number of label sets for which the condition is met at one evaluation."""
        states = (state for way in DISTINCT_VERSIONS for _, state in self._changes(script, way))
        return max(len(state.met | state.close) for state in states)

    def values(self, script: Script, moment: FiringMoment) -> dict[LabelPairs, float | None]:
        """Return the values of the firing label sets; None where versions compute different ones."""
        found: dict[LabelPairs, float | None] = {}
        for key, times in moment.firing.items():
            values = [
                self._values(script, at, way).get(key, math.nan) for at in times for way in DISTINCT_VERSIONS
            ]
            is_one = all(math.isclose(values[0], each, rel_tol=_CLOSE) for each in values)
            found[key] = values[0] if is_one else None
        return found

    def _changes(self, script: Script, way: PrometheusVersion) -> Iterator[tuple[int, ConditionState]]:
        """Yield the state at 0, then each changed state with its first evaluation."""
        before: ConditionState | None = None
        for at, state in self._states(script, way):
            if state != before:
                yield at, state
            before = state

    def _states(self, script: Script, way: PrometheusVersion) -> Iterator[tuple[int, ConditionState]]:
        """Yield the state at each evaluation at which it may have changed."""
        before = self._state(script, 0, way)
        yield 0, before
        for index, (start, end) in enumerate(itertools.pairwise(script.starts)):
            times = range(-(-start // self.every) * self.every, end, self.every)
            if times:
                settled = self._state(script, times[-1], way)
                is_disturbed = any(phase.failed for phase in script.phases[max(index - 1, 0) : index + 1])
                if is_disturbed or self.reads_time:  # any evaluation may change
                    # A gap moves through the window, and has left it once the phase has settled.
                    changing = end if self.reads_time else start + self.settling
                    count = bisect.bisect_left(times, changing)
                    yield from ((at, self._state(script, at, way)) for at in times[:count])
                    yield from ((at, settled) for at in times[count : count + 1])
                elif before != settled:
                    yield from self._turning(script, times, before, settled, way)
                before = settled

    def _turning(
        self,
        script: Script,
        times: range,
        before: ConditionState,
        settled: ConditionState,
        way: PrometheusVersion,
    ) -> Iterator[tuple[int, ConditionState]]:
        """Yield the states of a phase that begins in one state and settles in another."""
        # Most signals settle as soon as they have two samples: so the first evaluations are tried first.
        probes = enumerate(times[:2])
        first = next((index for index, at in probes if self._state(script, at, way) != before), None)
        if first is None:
            first = bisect.bisect_left(
                times, True, lo=2, key=lambda at: self._state(script, at, way) != before
            )
        for at in times[first:]:
            state = self._state(script, at, way)
            yield at, state
            if state == settled:
                return

    def _turns(self, changes: Set[int], end: int) -> list[int]:
        """Return the evaluations at which firing may start or stop, the one before each, and the last."""
        waits = (0, self.alert.pending, self.alert.keep_firing or 0)
        turns = {-(-(at + wait) // self.every) * self.every for at in changes for wait in waits}
        last = end // self.every * self.every
        return sorted({at for turn in turns for at in (turn - self.every, turn) if 0 <= at < last} | {last})

    def _state(self, script: Script, at: int, way: PrometheusVersion) -> ConditionState:
        values = self._values(script, at, way)
        threshold = float(self.alert.condition.threshold.value)
        close = frozenset(key for key, value in values.items() if _is_uncertain(value, threshold))
        condition = self.alert.condition
        is_met = condition.is_met if condition.is_comparison else lambda _: True  # only values that are met
        return ConditionState(
            frozenset(k for k, value in values.items() if k not in close and is_met(value)), close
        )

    def _values(self, script: Script, at: int, way: PrometheusVersion) -> ValuesByLabels:
        """Return the signal's values at an evaluation, only those for which the guard's condition is met."""
        if way.left_open and not self._meets_bound(script, at):
            way = _CLOSED
        if way is OLDEST and not script.begins_above_zero:
            way = _CLOSED
        index = bisect.bisect_right(script.starts, at) - 1
        streams = script.phases[index].streams
        key: tuple[int, int | None, PrometheusVersion]
        if at - script.starts[index] >= self.settling and not self.reads_time:
            key = (id(streams), None, OLDEST)
        elif index == 0:
            key = (id(streams), at, way)
        else:
            return self.alert.guarded_values(SamplesAt(script.samples(way), at))
        if key not in self._known:
            self._streams.append(streams)  # a reference, so that no other object gets this id
            self._known[key] = self.alert.guarded_values(SamplesAt(script.samples(way), at))
        return self._known[key]

    def _meets_bound(self, script: Script, at: int) -> bool:
        """Return whether a scrape is exactly at the start of a window, where versions differ."""
        return any(at >= reach and (at - reach) % script.interval == 0 for reach in self.reaches)

    def _firing(
        self, times: Sequence[int], way: Sequence[tuple[int, frozenset[LabelPairs]]]
    ) -> Iterator[Mapping[LabelPairs, int]]:
        """Yield the firing label sets at these evaluations, each with the time of its value.

        A label set fires once it has been active for `for`, and until it has been inactive for
        `keep_firing_for`.
        """
        since: dict[LabelPairs, int] = {}  # when a label set became active
        last: dict[LabelPairs, int] = {}  # when a firing one was last seen active
        gone: dict[LabelPairs, int] = {}  # when an active one was first seen inactive
        changes, now = dict(way), way[0][1]
        for at in times:
            now = changes.get(at, now)
            for key in [key for key in since if key not in now]:
                gone.setdefault(key, at)
                if key not in last or at - gone[key] >= (self.alert.keep_firing or 0):
                    del since[key], gone[key]
                    last.pop(key, None)
            for key in now:
                gone.pop(key, None)
                if at - since.setdefault(key, at) >= self.alert.pending:
                    last[key] = at
            yield dict(last) if last else _NONE


def _agreed(at: int, firing: Sequence[Mapping[LabelPairs, int]]) -> FiringMoment | None:
    first, *others = firing
    if any(other.keys() != first.keys() for other in others):
        return None
    return FiringMoment(at, {key: frozenset(each[key] for each in firing) for key in first})


def _is_uncertain(value: float, threshold: float) -> bool:
    """Return whether another order of the same arithmetic might move the value across the edge."""
    return value != threshold and math.isclose(value, threshold, rel_tol=_CLOSE)


def states_of(course: Sequence[FiringMoment | None]) -> tuple[bool, ...]:
    """Return the alert's states in order, whether it fires; moments where versions disagree are skipped."""
    certain = (bool(moment.firing) for moment in course if moment is not None)
    return tuple(fires for fires, _ in itertools.groupby(certain))
