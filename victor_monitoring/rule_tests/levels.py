"""The levels at which an alert is tested: a little beyond the thresholds of its conditions, or short."""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from fractions import Fraction
from typing import TypeAlias

from victor_monitoring.signals.alert import AlertRule, Guard
from victor_monitoring.signals.quantity import ABSENT, Condition
from victor_monitoring.signals.signal import Signal

Level: TypeAlias = Fraction | None
"""The value of a signal, None without series."""
_ROUNDING = Fraction(1, 10**9)


@dataclass(frozen=True, slots=True)
class Levels:
    """Levels of a signal around the threshold of a condition.

    `beyond` and `short` raise ValueError where the signal has no level on that side.
    """

    signal: Signal
    condition: Condition

    @property
    def threshold(self) -> Fraction:
        """The threshold itself."""
        return self.condition.threshold.value

    def beyond(self, percent: int = 1) -> Fraction:
        """Return a level that meets the condition, `percent` percent from the threshold."""
        if not self.condition.is_comparison:
            return self._away(percent, up=True)  # any level
        level = self._away(percent, up=self.condition.high_is_bad)
        for each in (level, (level + self.threshold) / 2, self.threshold):
            if self.condition.holds(each):
                return each
        raise ValueError(f"no level is {self.condition.text}")

    def short(self, percent: int = 1) -> Fraction:
        """Return a level that does not meet the condition, `percent` percent from the threshold."""
        level = self._away(percent, up=not self.condition.high_is_bad)
        for each in (level, self.threshold):
            if not self.condition.holds(each):
                return each
        raise ValueError(f"every level is {self.condition.text}")

    def closest(self, *, beyond: bool) -> Fraction:
        """Return the level a millionth of the threshold beyond it, or short of it."""
        distance = abs(self.threshold or Fraction(1)) / 10**6
        return (
            self.threshold + distance if self.condition.high_is_bad == beyond else self.threshold - distance
        )

    def _away(self, percent: int, *, up: bool) -> Fraction:
        """Return the level `percent` percent away, within the signal's range and on its grain."""
        grain = self.signal.kind.grain()
        distance = abs(self.threshold) * percent / 100 or Fraction(percent, 100)
        level = self.threshold + distance if up else self.threshold - distance
        if grain:
            places = math.floor(self.threshold / grain) + 1 if up else math.ceil(self.threshold / grain) - 1
            near = places * grain
            level = max(near, _on(level, grain)) if up else min(near, _on(level, grain))
        elif self._is_at_a_step(level):
            level += (distance if up else -distance) / 64
        possible = self.signal.range
        if possible.low is not None:
            level = max(level, possible.low)
        return level if possible.high is None else min(level, possible.high)

    def _is_at_a_step(self, level: Fraction) -> bool:
        """Return whether rounding in the computation of this value could change its text.

        The duration 90 s is `1m 30s`, and a billionth less is `1m 29s`: versions of Prometheus may differ.
        """
        text = self.signal.unit.format.text
        return text(float(level * (1 - _ROUNDING))) != text(float(level * (1 + _ROUNDING)))


def _on(level: Fraction, grain: Fraction) -> Fraction:
    return round(level / grain) * grain


@dataclass(frozen=True, slots=True)
class GuardingSignal:
    """A signal with the guards of one alert that are on it."""

    signal: Signal
    guards: tuple[Guard, ...]

    def refused_by(self, level: Level) -> tuple[Guard, ...]:
        """Return the guards that keep the alert silent at the level."""
        return tuple(each for each in self.guards if not each.allows(is_met=_is_met(each.condition, level)))

    def allowing(self, percent: int = 1) -> Iterator[Level]:
        """Yield levels at which no guard keeps the alert silent, `percent` percent from a threshold first."""
        return (level for level in self._levels(percent) if not self.refused_by(level))

    def refusing(self, guard: Guard) -> Iterator[Level]:
        """Yield levels at which this guard alone keeps the alert silent, 1% from a threshold first."""
        return (level for level in self._levels(1) if self.refused_by(level) == (guard,))

    def _levels(self, percent: int) -> Iterator[Level]:
        """Yield levels on both sides of all thresholds, between and at them; without series comes last."""
        around = [Levels(self.signal, each.condition) for each in self.guards]
        for levels in around:
            yield from _if_any(levels.beyond, percent)
            yield from _if_any(levels.short, percent)
        thresholds = sorted(each.threshold for each in around if each.condition.is_comparison)
        yield from ((one + other) / 2 for one, other in itertools.pairwise(thresholds))
        yield from thresholds
        yield None


def guarding_signals(alert: AlertRule) -> tuple[GuardingSignal, ...]:
    """Return the signals of the alert's guards, each once with all guards on it."""
    found: dict[str, list[Guard]] = {}
    for guard in alert.guards:
        found.setdefault(guard.signal.name, []).append(guard)
    return tuple(GuardingSignal(guards[0].signal, tuple(guards)) for guards in found.values())


def _is_met(condition: Condition, level: Level) -> bool:
    return condition.op == ABSENT if level is None else condition.holds(level)


def _if_any(level: Callable[[int], Fraction], percent: int) -> Iterator[Fraction]:
    """Yield the level at a percentage, if there is one."""
    with suppress(ValueError):
        yield level(percent)
