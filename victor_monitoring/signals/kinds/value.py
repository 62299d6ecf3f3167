"""The current value of a gauge."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from statistics import fmean
from typing import ClassVar, Literal

from victor_monitoring.promql.duration import duration_text
from victor_monitoring.promql.tree import Call, Expr
from victor_monitoring.signals.metric import LEVEL, Population, Selector, selected
from victor_monitoring.signals.reading import fold, latest
from victor_monitoring.signals.signal import LATER, KindInput, Signal, SignalKind
from victor_monitoring.signals.streams import Stream, first_labels, stream
from victor_monitoring.signals.synthesis import Synthesis, of_kind
from victor_monitoring.signals.units import Unit

_FOLDS: dict[str, Callable[[Iterable[float]], float]] = {"max": max, "min": min, "sum": sum, "avg": fmean}


@dataclass(frozen=True, slots=True)
class Value(SignalKind):
    """The last values of `of` within the look-back, or those `over_time`, aggregated with `agg`.

    Without `agg` the signal is open: each series keeps all its labels, and `by` names those that texts use.

    Example: `{of: shop_memory_bytes, agg: max}`
    """

    NAME: ClassVar[str] = "value"

    of: Selector
    """The gauge. Example: `shop_memory_bytes`"""
    agg: Literal["max", "min", "sum", "avg"] | None = None
    """How the values of several series become one. Default: they stay apart. Example: `max`"""
    over_time: Literal["avg", "min", "max"] | None = field(default=None, metadata=LATER)
    """How the values of each series over the window become one. Default: the last one counts. Example:
    `avg`"""

    def readings(self) -> tuple[KindInput, ...]:
        return (KindInput(("of",), self.of, frozenset({LEVEL})),)

    def units(self) -> tuple[Unit, ...]:
        unit = self.of.metric.unit
        return () if unit.is_moment else (unit,)

    def promql(self, signal: Signal) -> Expr:
        values = latest(signal, self.of)
        if self.over_time is not None:
            window = self.of.vector(signal.select, signal.window)
            values = Call(f"{self.over_time}_over_time", (window,))
        return fold(signal, self.agg, values)

    def can_equal(self, threshold: Fraction) -> bool:
        return "avg" not in (self.agg, self.over_time) or threshold.denominator == 1  # if all series do

    def is_windowed(self) -> bool:
        return self.over_time is not None

    def words(self, signal: Signal) -> str:
        values = f"each series of {self.of}" if self.agg is None else f"the {self.agg} of {self.of}"
        if self.over_time is None:
            return values
        return f"{values}, each the {self.over_time} over {duration_text(signal.window)}"


@of_kind.register(Value)
@dataclass(frozen=True, slots=True)
class ValueSynthesis(Synthesis):
    """Series that bring the folded gauge to a level."""

    kind: Value

    def synthesise(
        self, level: Fraction, target: Mapping[str, str], traffic: Fraction | None = None
    ) -> tuple[Stream, ...]:
        return (stream(self.kind.of.metric.name, first_labels(self.kind.of), target, level),)

    def spread(self, level: Fraction, targets: Sequence[Mapping[str, str]]) -> tuple[Stream, ...]:
        """Return series of different values: max and min have `level` at the first target alone."""
        if self.kind.agg == "sum":
            return Synthesis.spread(self, level, targets)
        labels = first_labels(self.kind.of)
        levels = levels_of_targets(self.kind.agg, level, len(targets))
        return tuple(
            stream(self.kind.of.metric.name, labels, target, own)
            for target, own in zip(targets, levels, strict=True)
        )

    def set_level(self, level: float, population: Population) -> Population:
        """Scale all series in proportion; if that is impossible, make them equal."""
        mine = selected(population, self.kind.of)
        now = _FOLDS[self.kind.agg](mine.values()) if mine and self.kind.agg else 0
        if now * level > 0:
            return {series: value * level / now for series, value in mine.items()}
        return dict.fromkeys(mine, level / len(mine) if self.kind.agg == "sum" else level)


def levels_of_targets(
    agg: Literal["max", "min", "avg"] | None, level: Fraction, count: int
) -> list[Fraction]:
    """Return values of `count` targets whose aggregate is `level`: max and min have it at the first alone."""
    if agg is None:
        return [level] * count
    # Past 0: at 0 itself the sum would equal the max, and short of it a level just above 0 its min.
    away = 3 * abs(level) / 2 or Fraction(1)
    match agg:
        case "max":
            return [level, *(level - away for _ in range(count - 1))]
        case "min":
            return [level, *(level + away for _ in range(count - 1))]
        case _:
            return [level + away, level - away, *(level for _ in range(count - 2))]
