"""How simulated levels move: a day of smooth waves, drift and noise, computed for any time in closed form."""

from __future__ import annotations

import math
import random
from dataclasses import dataclass

# Each wave's share of the amplitude and its period, as a part of the day: the day itself, a drift, and noise.
_SHAPE = ((0.6, 1.0), (0.3, 1 / 7.3), (0.1, 1 / 97.0))


@dataclass(frozen=True, slots=True)
class Wave:
    """A factor about 1 that moves with time (seconds), by at most `amplitude`."""

    phases: tuple[float, ...]
    day: float
    amplitude: float

    def factor(self, time: float) -> float:
        """The factor at a time."""
        return 1 + self.amplitude * sum(
            share * math.sin(2 * math.pi * time / (self.day * part) + phase)
            for (share, part), phase in zip(_SHAPE, self.phases, strict=True)
        )

    def area(self, start: float, end: float) -> float:
        """The integral of the factor: the seconds between, stretched as the wave says."""
        return (end - start) + self.amplitude * (self._primitive(end) - self._primitive(start))

    def _primitive(self, time: float) -> float:
        return -sum(
            share * math.cos(2 * math.pi * time / (self.day * part) + phase) * self.day * part / (2 * math.pi)
            for (share, part), phase in zip(_SHAPE, self.phases, strict=True)
        )


def wave(key: str, day: float, amplitude: float) -> Wave:
    """The wave of a key: the same key has the same one."""
    chance = random.Random(key)  # noqa: S311 - it keeps no secret
    phases = tuple(chance.uniform(0, 2 * math.pi) for _ in _SHAPE)
    return Wave(phases, day, amplitude)
