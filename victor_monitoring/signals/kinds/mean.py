"""The mean of the observations of a histogram or a summary."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction
from typing import ClassVar

from victor_monitoring.promql.duration import duration_text
from victor_monitoring.promql.tree import Binary, Expr
from victor_monitoring.signals.metric import SUM_AND_COUNT, Population, Selector, selected, totalling
from victor_monitoring.signals.reading import fold, rate
from victor_monitoring.signals.signal import KindInput, Signal, SignalKind
from victor_monitoring.signals.streams import Stream, first_labels, growing
from victor_monitoring.signals.synthesis import Synthesis, of_kind
from victor_monitoring.signals.units import Unit


@dataclass(frozen=True, slots=True)
class Mean(SignalKind):
    """The rate of the sum of `of` divided by the rate of its count: the mean of the window's observations.

    Example: `{of: shop_request_duration_seconds}`
    """

    NAME: ClassVar[str] = "mean"

    of: Selector
    """The histogram or summary whose observations are averaged. Example: `shop_request_duration_seconds`"""

    def readings(self) -> tuple[KindInput, ...]:
        return (KindInput(("of",), self.of, frozenset({SUM_AND_COUNT})),)

    def units(self) -> tuple[Unit, ...]:
        return (self.of.metric.unit,)

    def operation(self, signal: Signal) -> str:
        return f"mean_{duration_text(signal.window)}"

    def promql(self, signal: Signal) -> Expr:
        total, count = (fold(signal, "sum", rate(signal, self.of, suffix)) for suffix in ("_sum", "_count"))
        return Binary("/", total, count)

    def words(self, signal: Signal) -> str:
        return f"the mean of {self.of} over {duration_text(signal.window)}"


@of_kind.register(Mean)
@dataclass(frozen=True, slots=True)
class MeanSynthesis(Synthesis):
    """Series that bring the mean to a level."""

    kind: Mean

    def synthesise(
        self, level: Fraction, target: Mapping[str, str], traffic: Fraction | None = None
    ) -> tuple[Stream, ...]:
        if level < 0:
            raise ValueError("a mean of observations is never negative")
        metric, count = self.kind.of.metric, traffic or Fraction(level.denominator)
        own = metric.series()[metric.present].label_names  # a summary has another label on its quantiles
        labels = {label: value for label, value in first_labels(self.kind.of).items() if label in own}
        return (
            growing(self.signal, f"{metric.name}_sum", labels, target, level * count),
            growing(self.signal, f"{metric.name}_count", labels, target, count),
        )

    def set_level(self, level: float, population: Population) -> Population:
        """Scale the sums; the counts keep their values."""
        if level < 0:
            raise ValueError("a mean of observations is never negative")
        count = sum(selected(population, self.kind.of, "_count").values())
        return totalling(selected(population, self.kind.of, "_sum"), level * count)
