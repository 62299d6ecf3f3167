"""A ratio of two sums of series, such as errors to requests."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from fractions import Fraction
from typing import ClassVar

from victor_monitoring.promql.duration import duration_text
from victor_monitoring.promql.inference.intervals import Interval
from victor_monitoring.promql.tree import Binary, Expr, number
from victor_monitoring.signals.metric import LEVEL, TOTAL, Population, Selector, selected, totalling
from victor_monitoring.signals.reading import fold, latest, rate
from victor_monitoring.signals.signal import InvalidParameters, KindInput, Share, Signal, SignalKind
from victor_monitoring.signals.streams import Stream, first_labels, group, growing, label_sets_in, stream
from victor_monitoring.signals.synthesis import Synthesis, of_kind
from victor_monitoring.signals.units import RATIO, Unit


@dataclass(frozen=True, slots=True)
class Ratio(SignalKind):
    """`of` divided by `over`: their rates for counters, their values for gauges.

    A missing numerator is 0. `at_most_one` promises a value of at most 1 if the matchers of `of` do not imply
    those of `over`.

    Example: `{of: 'shop_requests_total{outcome="failure"}', over: shop_requests_total}`
    """

    NAME: ClassVar[str] = "ratio"

    of: Selector
    """The part: counters or gauges. Example: `'shop_requests_total{outcome="failure"}'`"""
    over: Selector
    """The whole that contains the part. Example: `shop_requests_total`"""
    at_most_one: bool = False
    """A promise that the part never exceeds the whole, where the selectors do not show it. Example: `true`"""

    def readings(self) -> tuple[KindInput, ...]:
        roles = frozenset({TOTAL, LEVEL})
        return (KindInput(("of",), self.of, roles), KindInput(("over",), self.over, roles))

    def units(self) -> tuple[Unit, ...]:
        return (RATIO,)

    def shares(self) -> tuple[Share, ...]:
        return (Share(("of",), self.of, self.over, self.at_most_one),)

    def promised(self) -> Interval:
        """Return the bounds where gauges are divided: they are taken not to be negative."""
        return Interval(Fraction(0), Fraction(1) if self.at_most_one else None)

    def operation(self, signal: Signal) -> str:
        return f"ratio_rate_{duration_text(signal.window)}" if self.is_windowed() else "ratio"

    def promql(self, signal: Signal) -> Expr:
        read = rate if self.is_windowed() else latest
        part = fold(signal, "sum", read(signal, self.of))
        whole = fold(signal, "sum", read(signal, self.over))
        return Binary("/", Binary("or", part, Binary("*", number(0), whole)), whole)

    def words(self, signal: Signal) -> str:
        over = f" over {duration_text(signal.window)}" if self.is_windowed() else ""
        return f"the share of {self.of} in {self.over}{over}"

    def faults(self, signal: Signal) -> Iterator[InvalidParameters]:
        part, whole = self.of.metric, self.over.metric
        if {reading.role for reading in self.readings()} == {TOTAL, LEVEL}:
            message = f"`{part.name}` is a {part.type} and `{whole.name}` a {whole.type}"
            yield InvalidParameters(("over",), message, "divide counters by counters, or gauges by gauges")
        elif (part.unit.exponents, part.unit.scale) != (whole.unit.exponents, whole.unit.scale):
            message = f"`{part.name}` is in {part.unit} and `{whole.name}` in {whole.unit}"
            name = part.name.removesuffix("_sum")
            is_mean = (part.name, whole.name) == (f"{name}_sum", f"{name}_count")
            hint = f"write `mean: {{of: {name}}}`" if is_mean else "a ratio divides like by like"
            yield InvalidParameters(("over",), message, hint)


@of_kind.register(Ratio)
@dataclass(frozen=True, slots=True)
class RatioSynthesis(Synthesis):
    """Series that bring the ratio to a level."""

    kind: Ratio

    def synthesise(
        self, level: Fraction, target: Mapping[str, str], traffic: Fraction | None = None
    ) -> tuple[Stream, ...]:
        limit = self.signal.range.high
        if level < 0 or (limit is not None and level > limit):
            raise ValueError(f"no ratio is {level}")
        whole = traffic or Fraction(level.denominator)  # the smallest total with a whole numerator
        mine = first_labels(self.kind.of)
        part = _series(self.signal, self.kind.of, mine, target, level * whole)
        if not (self.kind.of.metric.name == self.kind.over.metric.name and self.kind.over.matches(mine)):
            total = first_labels(self.kind.over, group(self.signal, mine))
            return (part, _series(self.signal, self.kind.over, total, target, whole))
        rest = (1 - level) * whole
        others = label_sets_in(group(self.signal, mine), self.kind.over)
        other = next((each for each in others if not self.kind.of.matches(each)), None)
        if other is not None:
            return (part, _series(self.signal, self.kind.over, other, target, rest))
        if rest:
            raise ValueError("every series of the whole is also of the part")
        return (part,)

    def set_level(self, level: float, population: Population) -> Population:
        """Keep the whole constant: the rest of it loses as much as the part gains."""
        limit = self.signal.range.high
        if level < 0 or (limit is not None and level > limit):
            raise ValueError(f"no ratio is {level}")
        part, whole = selected(population, self.kind.of), selected(population, self.kind.over)
        total, inside = sum(whole.values()), sum(value for each, value in part.items() if each in whole)
        rest = {series: value for series, value in whole.items() if series not in part}
        if part.keys() - whole.keys():  # series of the part outside the whole can grow alone
            share = inside / sum(part.values()) if inside else 0
            return totalling(part, level * sum(rest.values()) / (1 - level * share))
        if not rest and level != 1:
            raise ValueError("every series of the whole is also of the part")
        return {**totalling(part, level * total), **totalling(rest, (1 - level) * total)}


def _series(
    signal: Signal, of: Selector, labels: Mapping[str, str], target: Mapping[str, str], units: Fraction
) -> Stream:
    if LEVEL in of.metric.type.ROLES:
        return stream(of.metric.name, labels, target, units)
    return growing(signal, of.metric.name, labels, target, units)
