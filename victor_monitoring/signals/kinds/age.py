"""The time since a moment, such as that of the last backup."""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import ClassVar, Literal

from victor_monitoring.promql.tree import Binary, Call, Expr, number
from victor_monitoring.signals.kinds.value import levels_of_targets
from victor_monitoring.signals.metric import LEVEL, Population, Selector, selected
from victor_monitoring.signals.reading import fold, latest
from victor_monitoring.signals.signal import InvalidParameters, KindInput, Signal, SignalKind
from victor_monitoring.signals.streams import Stream, first_labels, stream
from victor_monitoring.signals.synthesis import Synthesis, of_kind
from victor_monitoring.signals.units import SECONDS, Unit


@dataclass(frozen=True, slots=True)
class Age(SignalKind):
    """The seconds since the moment that the gauge `of` holds, aggregated with `agg`: `max` is the oldest.

    Without `agg` the signal is open, as a `value` is. It is negative for a moment in the future, as clocks of
    machines differ.

    Example: `{of: shop_last_backup_timestamp_seconds, agg: max}`
    """

    NAME: ClassVar[str] = "age"
    SIGN: ClassVar[int] = -1  # of the distance from now to the moment, if the value is positive
    DIRECTION: ClassVar[str] = "since"

    of: Selector
    """The gauge, in the unit `timestamp` or `timestamp_milliseconds`. Example:
    `shop_last_backup_timestamp_seconds`"""
    agg: Literal["max", "min", "avg"] | None = None
    """How the ages of several series become one. Default: they stay apart. Example: `max`"""
    zero: Literal["drop"] | None = None
    """What a series at 0 means: `drop` leaves it out, as one of something that has not happened yet. Default:
    the moment 0, in 1970. Example: `drop`"""

    def readings(self) -> tuple[KindInput, ...]:
        return (KindInput(("of",), self.of, frozenset({LEVEL})),)

    def units(self) -> tuple[Unit, ...]:
        return (SECONDS,)

    def promql(self, signal: Signal) -> Expr:
        return fold(signal, self.agg, self.seconds(self._moment(signal)))

    def seconds(self, moment: Expr) -> Expr:
        """Return the expression of the seconds between a moment and now."""
        return Binary("-", Call("time", ()), moment)

    def _moment(self, signal: Signal) -> Expr:
        moment = latest(signal, self.of)
        if self.zero == "drop":
            moment = Binary("!=", moment, number(0))
        per_second = 1 / self.of.metric.unit.scale
        return moment if per_second == 1 else Binary("/", moment, number(per_second))

    def words(self, signal: Signal) -> str:
        if self.agg is None:
            return f"the seconds {self.DIRECTION} each series of {self.of}"
        return f"the {self.agg} of the seconds {self.DIRECTION} {self.of}"

    def faults(self, signal: Signal) -> Iterator[InvalidParameters]:
        metric = self.of.metric
        if not metric.unit.is_moment:
            message = f"`{metric.name}` is in {metric.unit}, and holds no moment"
            hint = "declare it with `unit: timestamp`, or read it as a `value`"
            yield InvalidParameters(("of",), message, hint)


@of_kind.register(Age)
@dataclass(frozen=True, slots=True)
class AgeSynthesis(Synthesis):
    """Moments that move along with time, so that their age stays at a level."""

    kind: Age

    def synthesise(
        self, level: Fraction, target: Mapping[str, str], traffic: Fraction | None = None
    ) -> tuple[Stream, ...]:
        of, second = self.kind.of, 1 / self.kind.of.metric.unit.scale
        labels = tuple(sorted({**target, **first_labels(of)}.items()))
        step = second * self.signal.scrape / 1000
        return (Stream(of.metric.name, labels, self.kind.SIGN * level * second, step, follows_time=True),)

    def spread(self, level: Fraction, targets: Sequence[Mapping[str, str]]) -> tuple[Stream, ...]:
        """Return moments that differ: max and min have `level` at the first target alone."""
        levels = levels_of_targets(self.kind.agg, level, len(targets))
        moments = (self.synthesise(own, target) for target, own in zip(targets, levels, strict=True))
        return tuple(itertools.chain.from_iterable(moments))

    def not_yet(self, target: Mapping[str, str]) -> tuple[Stream, ...]:
        if self.kind.zero != "drop":
            return ()
        return (stream(self.kind.of.metric.name, first_labels(self.kind.of), target, Fraction(0)),)

    def set_level(self, level: float, population: Population) -> Population:
        """Set all moments to the level's distance from now."""
        distance = self.kind.SIGN * level / float(self.kind.of.metric.unit.scale)
        return dict.fromkeys(selected(population, self.kind.of), distance)
