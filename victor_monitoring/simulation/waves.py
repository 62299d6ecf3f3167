"""How simulated levels move: a day of smooth waves, drift and noise, computed for any time in closed form."""

from __future__ import annotations

import math
import random
from dataclasses import dataclass

# Each wave's share of the amplitude and its period, as a part of the day: the day itself, a drift, and noise.
_SHAPE = ((0.6, 1.0), (0.3, 1 / 7.3), (0.1, 1 / 97.0))


@dataclass(frozen=True, slots=True)
class Wave:
    """A factor about 1 that moves with time (seconds), by at most `amplitude`.

    `terms` are its sines: each one's share of the amplitude, its radians per second, and its phase.
    """

    amplitude: float
    terms: tuple[tuple[float, float, float], ...]

    def factor(self, time: float) -> float:
        """The factor at a time."""
        moved = 0.0
        for share, speed, phase in self.terms:
            moved += share * math.sin(speed * time + phase)
        return 1 + self.amplitude * moved

    def area(self, start: float, end: float) -> float:
        """The integral of the factor: the seconds between, stretched as the wave says."""
        moved = 0.0  # a plain loop: this is asked of every series at every scrape
        for share, speed, phase in self.terms:
            moved += share / speed * (math.cos(speed * start + phase) - math.cos(speed * end + phase))
        return (end - start) + self.amplitude * moved


def wave(key: str, day: float, amplitude: float) -> Wave:
    """The wave of a key: the same key has the same one."""
    chance = random.Random(key)  # noqa: S311 - it keeps no secret
    return Wave(
        amplitude,
        tuple((share, 2 * math.pi / (day * part), chance.uniform(0, 2 * math.pi)) for share, part in _SHAPE),
    )
