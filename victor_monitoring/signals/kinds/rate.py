"""The growth of a counter per second, optionally divided by a gauge."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from fractions import Fraction
from typing import ClassVar, Literal

from victor_monitoring.promql.duration import duration_text
from victor_monitoring.promql.inference.intervals import Interval
from victor_monitoring.promql.tree import Binary, Expr
from victor_monitoring.signals.metric import LEVEL, TOTAL, Population, Selector, selected, totalling
from victor_monitoring.signals.reading import fold, latest, rate
from victor_monitoring.signals.signal import LATER, KindInput, Signal, SignalKind
from victor_monitoring.signals.streams import Stream, first_labels, group, growing, stream
from victor_monitoring.signals.synthesis import Synthesis, of_kind
from victor_monitoring.signals.units import COUNT, UNITS, Unit


@dataclass(frozen=True, slots=True)
class Rate(SignalKind):
    """The sum of the per-second rates of `of`; `per` divides it by a gauge, such as CPU seconds by cores.

    Example: `{of: shop_requests_total}`
    """

    NAME: ClassVar[str] = "rate"

    of: Selector
    """The counter whose growth is measured. Example: `'shop_requests_total{outcome="failure"}'`"""
    per: Selector | None = None
    """A gauge by which the rate is divided, such as the number of cores. Default: nothing. Example:
    `shop_cpu_cores`"""
    agg: Literal["sum"] | None = field(default="sum", metadata=LATER)
    """How the rates of several series become one; with `null` they stay apart. Example: `null`"""

    def readings(self) -> tuple[KindInput, ...]:
        mine = KindInput(("of",), self.of, frozenset({TOTAL}))
        return (mine,) if self.per is None else (mine, KindInput(("per",), self.per, frozenset({LEVEL})))

    def units(self) -> tuple[Unit, ...]:
        of, per = self.of.metric.unit, self.per.metric.unit if self.per else COUNT
        if of.exponents is None or per.exponents is None:
            return ()
        wanted = (of.exponents[0] - per.exponents[0] - 1, of.exponents[1] - per.exponents[1])
        scale = of.scale / per.scale
        possible = (unit for unit in UNITS.values() if not unit.is_bare)
        return tuple(unit for unit in possible if unit.exponents == wanted and unit.scale == scale)

    def promised(self) -> Interval:
        """Return the bounds where a gauge divides: it is taken not to be negative."""
        return Interval(Fraction(0), None)

    def operation(self, signal: Signal) -> str:
        return f"rate_{duration_text(signal.window)}"

    def promql(self, signal: Signal) -> Expr:
        total = fold(signal, self.agg, rate(signal, self.of))
        if self.per is None:
            return total
        return Binary("/", total, fold(signal, self.agg, latest(signal, self.per)))

    def words(self, signal: Signal) -> str:
        per = f" per {self.per}" if self.per else ""
        of = self.of if self.agg else f"each series of {self.of}"
        return f"the rate of {of}{per} over {duration_text(signal.window)}"


@of_kind.register(Rate)
@dataclass(frozen=True, slots=True)
class RateSynthesis(Synthesis):
    """Series that bring the rate to a level."""

    kind: Rate

    def synthesise(
        self, level: Fraction, target: Mapping[str, str], traffic: Fraction | None = None
    ) -> tuple[Stream, ...]:
        if level < 0:
            raise ValueError("a rate is never negative")
        labels = first_labels(self.kind.of)
        if self.kind.per is None:
            return (growing(self.signal, self.kind.of.metric.name, labels, target, level),)
        divisor, size = first_labels(self.kind.per, group(self.signal, labels)), traffic or Fraction(1)
        mine = growing(self.signal, self.kind.of.metric.name, labels, target, level * size)
        return (mine, stream(self.kind.per.metric.name, divisor, target, size))

    def set_level(self, level: float, population: Population) -> Population:
        """Scale the series of `of`; the gauge `per` keeps its value."""
        if level < 0:
            raise ValueError("a rate is never negative")
        per = 1.0 if self.kind.per is None else sum(selected(population, self.kind.per).values())
        mine = selected(population, self.kind.of)
        return totalling(mine, level * per) if self.kind.agg else dict.fromkeys(mine, level * per)
