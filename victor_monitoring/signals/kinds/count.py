"""The number of members that meet a condition."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from typing import ClassVar, Literal

from victor_monitoring.promql.tree import Aggregate, Binary, Expr, number
from victor_monitoring.signals.metric import LEVEL, Population, Selector, selected
from victor_monitoring.signals.quantity import Condition, Quantity
from victor_monitoring.signals.reading import fold, latest
from victor_monitoring.signals.signal import At, InvalidParameters, KindInput, Signal, SignalKind
from victor_monitoring.signals.streams import Stream, first_labels, group, label_sets_in, shared, stream
from victor_monitoring.signals.synthesis import Synthesis, of_kind
from victor_monitoring.signals.units import COUNT, Unit

_FOLDS: dict[str, Literal["min", "max"]] = {"min": "min", "livemin": "min", "max": "max", "livemax": "max"}


@dataclass(frozen=True, slots=True)
class Count(SignalKind):
    """The number of members of the gauge `of` that meet `where`; a member is one set of its own labels.

    Values of the same member from several targets are aggregated first, by `agg` or the metric's `merge`.

    Example: `{of: shop_worker_up, where: "== 0"}`
    """

    NAME: ClassVar[str] = "count"

    of: Selector
    """The gauge whose members are counted. Example: `shop_worker_up`"""
    where: Condition
    """The condition that a member's value must meet to be counted. Example: `"== 0"`"""
    agg: Literal["min", "max"] | None = None
    """How the values of the same member at several targets are aggregated first. Default: by the metric's
    `merge`, if that is a minimum or a maximum. Example: `min`"""

    @property
    def condition(self) -> Condition:
        """The condition in the metric's unit."""
        return self.where.in_unit(self.of.metric.unit)

    def readings(self) -> tuple[KindInput, ...]:
        return (KindInput(("of",), self.of, frozenset({LEVEL})),)

    def units(self) -> tuple[Unit, ...]:
        return (COUNT,)

    def quantities(self) -> tuple[tuple[At, Quantity, Unit], ...]:
        threshold, unit = self.where.threshold, self.of.metric.unit
        is_state = threshold.unit is None and unit.whole == 1  # 0 or 1
        return () if is_state else ((("where",), threshold, unit),)

    def can_equal(self, threshold: Fraction) -> bool:
        return True

    def grain(self) -> Fraction:
        return Fraction(1)

    def fold(self) -> Literal["min", "max"] | None:
        """Return the aggregation of one member's values at several targets; None if undefined."""
        return self.agg or _FOLDS.get(self.of.metric.merge or "")

    def promql(self, signal: Signal) -> Expr:
        own = (label for label in self.of.metric.label_names if label not in signal.labels)
        members = Aggregate(self.fold() or "min", latest(signal, self.of), (*signal.labels, *own))
        met = Binary(self.where.op, members, number(self.condition.threshold.value), as_bool=True)
        return fold(signal, "sum", met)

    def words(self, signal: Signal) -> str:
        return f"how many of {self.of} are {self.where.text}"

    def faults(self, signal: Signal) -> Iterator[InvalidParameters]:
        if self.fold() is None:
            merge = self.of.metric.merge
            says = f"`merge: {merge}` does not say" if merge else "nothing says"
            message = f"{says} how targets that report the same member of `{self.of.metric.name}` are folded"
            yield InvalidParameters((), message, "add `agg: min` or `agg: max` to the count")


@of_kind.register(Count)
@dataclass(frozen=True, slots=True)
class CountSynthesis(Synthesis):
    """Members of which a number meets the condition."""

    kind: Count

    def synthesise(
        self, level: Fraction, target: Mapping[str, str], traffic: Fraction | None = None
    ) -> tuple[Stream, ...]:
        """Return `level` members that meet the condition and, if possible, one that does not."""
        if level.denominator != 1 or level < 0:
            raise ValueError(f"no count is {level}")
        members = self._members(int(level) + 1)
        if len(members) < level:
            raise ValueError(f"there are {len(members)} members at most")
        good, bad = self._values()
        return tuple(
            stream(self.kind.of.metric.name, labels, target, good if index < level else bad)
            for index, labels in enumerate(members)
        )

    def spread(self, level: Fraction, targets: Sequence[Mapping[str, str]]) -> tuple[Stream, ...]:
        """Return each member at every target; all but the first disagree if the aggregation ignores them."""
        values = self._values()
        picked = min(values) if self.kind.fold() == "min" else max(values)
        members = self.synthesise(level, targets[0])
        other = {values[0]: values[1], values[1]: values[0]}
        return tuple(
            shared(
                each if target is targets[0] or each.start != picked else replace(each, start=other[picked]),
                target,
                Fraction(1),
            )
            for each in members
            for target in targets
        )

    def set_level(self, level: float, population: Population) -> Population:
        """Keep members that already meet the condition, as many as `level`, before changing others."""
        mine = selected(population, self.kind.of)
        if level != int(level) or not 0 <= level <= len(mine):
            raise ValueError(f"no count of {len(mine)} members is {level}")
        members = sorted(mine, key=lambda series: (not self._meets(mine[series]), series))
        good, bad = map(float, self._values())
        meeting, others = members[: int(level)], members[int(level) :]
        return {
            **{series: mine[series] if self._meets(mine[series]) else good for series in meeting},
            **{series: bad if self._meets(mine[series]) else mine[series] for series in others},
        }

    def _meets(self, value: float) -> bool:
        return self.kind.condition.holds(Fraction(value))

    def _members(self, number: int) -> list[dict[str, str]]:
        """Return `number` members of one group, or fewer if the labels allow no more."""
        first = first_labels(self.kind.of)
        free = [
            each.name
            for each in self.kind.of.metric.labels
            if each.values is None and each.name not in self.signal.by
        ]
        if free:
            named = ({**first, free[0]: f"member-{index}"} for index in range(number))
            found = [labels for labels in named if self.kind.of.matches(labels)]
            if found:
                return found
        unique = {
            tuple(each.items()): each for each in label_sets_in(group(self.signal, first), self.kind.of)
        }
        return list(unique.values())[:number]

    def _values(self) -> tuple[Fraction, Fraction]:
        """Return a value that meets the condition, and one that does not."""
        condition = self.kind.condition
        threshold = condition.threshold.value
        near = (threshold, threshold + 1, threshold - 1)
        good = next(value for value in near if condition.holds(value))
        return good, next(value for value in near if not condition.holds(value))
