"""What counters gained over the window."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from fractions import Fraction
from typing import ClassVar, Literal

from victor_monitoring.promql.duration import duration_text
from victor_monitoring.promql.tree import Call, Expr
from victor_monitoring.signals.metric import TOTAL, Population, Selector, selected, totalling
from victor_monitoring.signals.reading import fold
from victor_monitoring.signals.signal import LATER, KindInput, Signal, SignalKind
from victor_monitoring.signals.streams import Stream, first_labels, growing
from victor_monitoring.signals.synthesis import Synthesis, of_kind
from victor_monitoring.signals.units import Unit


@dataclass(frozen=True, slots=True)
class Increase(SignalKind):
    """The sum of what the series of `of` gained over the window.

    Prometheus extrapolates to the ends of the window, so it is rarely a whole number: with samples every 15s
    and a window of 5m, ten events count up to 10.53.

    Example: `{of: shop_restarts_total}`
    """

    NAME: ClassVar[str] = "increase"

    of: Selector
    """The counter whose growth is measured. Example: `'shop_requests_total{outcome="failure"}'`"""
    agg: Literal["sum"] | None = field(default="sum", metadata=LATER)
    """How the increases of several series become one; with `null` they stay apart. Example: `null`"""

    def readings(self) -> tuple[KindInput, ...]:
        return (KindInput(("of",), self.of, frozenset({TOTAL})),)

    def units(self) -> tuple[Unit, ...]:
        return (self.of.metric.unit,)

    def operation(self, signal: Signal) -> str:
        return f"increase_{duration_text(signal.window)}"

    def promql(self, signal: Signal) -> Expr:
        return fold(signal, self.agg, Call("increase", (self.of.vector(signal.select, signal.window),)))

    def words(self, signal: Signal) -> str:
        of = self.of if self.agg else f"each series of {self.of}"
        return f"the increase of {of} over {duration_text(signal.window)}"

    def overstated(self, signal: Signal, count: Fraction) -> Fraction | None:
        """Return the greatest value of so many events: samples may cover all of the window but one scrape."""
        if not self.of.metric.unit.is_counted or signal.window <= signal.scrape:
            return None
        return count * Fraction(signal.window, signal.window - signal.scrape)


@of_kind.register(Increase)
@dataclass(frozen=True, slots=True)
class IncreaseSynthesis(Synthesis):
    """Series that bring the increase to a level."""

    kind: Increase

    def synthesise(
        self, level: Fraction, target: Mapping[str, str], traffic: Fraction | None = None
    ) -> tuple[Stream, ...]:
        if level < 0:
            raise ValueError("an increase is never negative")
        of, per_second = self.kind.of, level * 1000 / self.signal.window
        return (growing(self.signal, of.metric.name, first_labels(of), target, per_second),)

    def set_level(self, level: float, population: Population) -> Population:
        """Scale the series to the growth that the level needs."""
        if level < 0:
            raise ValueError("an increase is never negative")
        mine, growth = selected(population, self.kind.of), level * 1000 / self.signal.window
        return totalling(mine, growth) if self.kind.agg else dict.fromkeys(mine, growth)
