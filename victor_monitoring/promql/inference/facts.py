"""Facts of series that hold for every sample, from which the values of expressions are inferred."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from fractions import Fraction
from typing import Final, TypeAlias

from victor_monitoring.promql.grammar import NAME
from victor_monitoring.promql.inference.dimensions import Dimension
from victor_monitoring.promql.inference.labels import Labels, Values, one_of
from victor_monitoring.promql.inference.ranges import Range, exactly
from victor_monitoring.promql.tree import Matcher, Vector


@dataclass(frozen=True, slots=True)
class Buckets:
    """The finite bounds in the label `le` of a histogram's series, and the dimension of these bounds."""

    bounds: tuple[Fraction, ...]
    dimension: Dimension | None = None


@dataclass(frozen=True, slots=True)
class SeriesFacts:
    """The facts of all series of one name.

    A series may have other labels than the `labels`, such as those of its target, unless `has_others` is
    false. A value is never below `low` or above `high`; if it only `grows`, it is finite and not negative.
    """

    labels: Mapping[str, Values] = field(default_factory=dict)
    has_others: bool = True
    dimension: Dimension | None = None
    low: Fraction | None = None
    high: Fraction | None = None
    grows: bool = False
    buckets: Buckets | None = None

    def labels_of(self, name: str, matchers: Iterable[Matcher] = ()) -> Labels:
        """Return the labels of the series with a name that the matchers select."""
        own = {NAME: one_of((name,))} if name else {}
        return Labels({**self.labels, **own}, self.has_others).matched(matchers)

    def range(self) -> Range:
        """Return the range of the values; a gauge without negative values is taken to have no -0."""
        low = max(self.low or Fraction(0), Fraction(0)) if self.grows else self.low
        is_gauge = not self.grows
        unsigned = low is not None and low >= 0
        return exactly(low, self.high, nan=is_gauge, infinite=is_gauge, unsigned=unsigned)

    def implies(self, mine: Collection[Matcher], others: Iterable[Matcher]) -> bool:
        """Return whether all series that match `mine` provably match `others`, too."""
        labels = self.labels_of("", mine)

        def is_implied(other: Matcher) -> bool:
            options = labels[other.label].options
            return other in mine or (options is not None and all(map(other.matches, options)))

        return all(map(is_implied, others))


Facts: TypeAlias = Mapping[str, SeriesFacts]
UNKNOWN: Final = SeriesFacts()


def facts_of(vector: Vector, facts: Facts) -> SeriesFacts:
    """Return the facts of the series that a selector selects."""
    return facts.get(vector.metric, UNKNOWN)
