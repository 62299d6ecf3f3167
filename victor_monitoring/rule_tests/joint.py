"""Series that bring several signals to their levels at once: that of an alert, and those of its guards.

Signals that read the same series have one traffic. Where it scales one of them and not the other, such as a
rate and a ratio, an amount of it is found that yields both levels.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import TypeAlias

from victor_monitoring.rule_tests.levels import GuardingSignal, Level
from victor_monitoring.signals.signal import Signal
from victor_monitoring.signals.streams import Stream

Streams: TypeAlias = tuple[Stream, ...]
StreamsOf: TypeAlias = Callable[[Signal, Fraction, Fraction | None], Streams]
"""Series with a signal at a level, by default of the smallest traffic that is whole."""
ValuesOf: TypeAlias = Callable[[Signal, Streams], Sequence[Fraction]]
"""The values of a signal once streams have lasted long enough to settle."""


@dataclass(frozen=True, slots=True)
class Goal:
    """A signal and its level, or any other that the same guards refuse; without guards, no other.

    Of several levels that serve, the nearest one is preferred if `is_near`.
    """

    signal: Signal
    level: Level
    guarding: GuardingSignal | None = None
    is_near: bool = True

    def is_reached(self, values: Sequence[Fraction]) -> bool:
        """Return whether these values, or having none, are as good as the level."""
        if self.guarding is None:
            level = self.level
            if level is None:
                return not values
            return bool(values) and all(_is_close(each, level) for each in values)
        wanted = self.guarding.refused_by(self.level)
        return all(self.guarding.refused_by(each) == wanted for each in values or (None,))


@dataclass(frozen=True, slots=True)
class Joint:
    """The search for series that reach goals together."""

    streams_of: StreamsOf
    values_of: ValuesOf

    def streams(self, goals: Sequence[Goal], traffic: Fraction | None = None) -> Streams:
        """Return series that reach all goals. Raise ValueError where none are found.

        `traffic` is that of the first goal, unless another goal needs another traffic.
        """
        return tuple(
            stream
            for connected in self._connected(goals)
            for stream in self._together(connected, traffic if goals[0] in connected else None)
        )

    def next_to(self, streams: Streams, goals: Sequence[Goal]) -> Streams:
        """Return the series with those that reach the goals. Raise ValueError if the former prevent it."""
        read = [goal for goal in goals if any(reads(goal.signal, each) for each in streams)]
        for goal in read:
            if not goal.is_reached(self.values_of(goal.signal, streams)):
                raise ValueError(f"`{goal.signal.name}` reads series of the alert's own signal")
        rest = [goal for goal in goals if goal not in read]
        return (*streams, *(self.streams(rest) if rest else ()))

    def _connected(self, goals: Sequence[Goal]) -> list[list[Goal]]:
        """Return the goals in groups that read no common series."""
        made = {goal.signal.name: self._alone(goal) for goal in goals}
        found: list[list[Goal]] = []
        for goal in goals:
            mine = [
                group
                for group in found
                if any(
                    any(reads(goal.signal, each) for each in made[other.signal.name])
                    or any(reads(other.signal, each) for each in made[goal.signal.name])
                    for other in group
                )
            ]
            found = [group for group in found if group not in mine]
            found.append([*(each for group in mine for each in group), goal])
        return found

    def _alone(self, goal: Goal) -> Streams:
        return () if goal.level is None else self.streams_of(goal.signal, goal.level, None)

    def _together(self, goals: Sequence[Goal], traffic: Fraction | None) -> Streams:
        """Return series that reach goals which read the same series: of one of them, with traffic for all."""
        if len(goals) == 1:
            (goal,) = goals
            if traffic is None or goal.level is None:
                return self._alone(goal)
            return self.streams_of(goal.signal, goal.level, traffic)
        exact = [goal for goal in goals if goal.guarding is None]
        found = [streams for head in exact or goals for streams in self._by(head, goals, traffic)]
        if found:
            near = [goal for goal in goals if goal.is_near]
            return min(found, key=lambda streams: sum(self._distance(goal, streams) for goal in near))
        names = " and ".join(dict.fromkeys(f"`{goal.signal.name}`" for goal in goals))
        raise ValueError(f"no levels of {names} meet all conditions together")

    def _by(self, head: Goal, goals: Sequence[Goal], traffic: Fraction | None) -> Iterator[Streams]:
        """Yield the first series with one signal exactly at its level that reach the other goals, too."""
        if head.level is not None:
            others = [goal for goal in goals if goal is not head]
            for streams in self._candidates(head.signal, head.level, others, traffic):
                if all(goal.is_reached(self.values_of(goal.signal, streams)) for goal in goals):
                    yield streams
                    return

    def _distance(self, goal: Goal, streams: Streams) -> float:
        """Return how far the values of a signal are from its level, as shares of it up to a millionth."""
        level = goal.level
        if level is None:
            return 0.0
        values = self.values_of(goal.signal, streams)
        return round(sum(float(abs(each - level) / (abs(level) or 1)) for each in values), 6)

    def _candidates(
        self, head: Signal, level: Fraction, others: Sequence[Goal], traffic: Fraction | None
    ) -> Iterator[Streams]:
        """Yield series with a signal at its level, of the given traffic and of that for each other goal."""
        if traffic is not None:
            yield self.streams_of(head, level, traffic)
        single = self.streams_of(head, level, Fraction(1))
        for goal in others:
            for value in self.values_of(goal.signal, single):
                if value > 0 and goal.level is not None and goal.level > 0:
                    yield self.streams_of(head, level, goal.level / value)
        yield self.streams_of(head, level, None)


def reads(signal: Signal, stream: Stream) -> bool:
    """Return whether the signal, or a part of it, reads the series."""
    labels = dict(stream.labels)
    return any(
        stream.metric in reading.read_names and reading.selector.matches(labels)
        for each in signal.with_parts()
        for reading in each.kind.readings()
    )


def _is_close(one: Fraction, other: Fraction) -> bool:
    return math.isclose(one, other, rel_tol=1e-9, abs_tol=1e-9)
