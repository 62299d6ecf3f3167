"""A number from 0 to 100 computed from other signals."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import ClassVar, Literal

from victor_monitoring.promql.inference.intervals import Interval
from victor_monitoring.promql.printer import number_text
from victor_monitoring.promql.rules import Rule
from victor_monitoring.promql.tree import Aggregate, Binary, Call, Expr, Vector, number
from victor_monitoring.signals.metric import Population
from victor_monitoring.signals.quantity import Quantity
from victor_monitoring.signals.signal import At, InvalidParameters, KindInput, Signal, SignalKind
from victor_monitoring.signals.streams import Stream, another, relabelled
from victor_monitoring.signals.synthesis import DominantPart, Synthesis, of_kind, set_level, synthesis
from victor_monitoring.signals.units import SCORE, Unit

LOSS = "loss"
PART = "part"  # the label with the part's name in the recorded losses


@dataclass(frozen=True, slots=True)
class ScorePart:
    """A signal in a score: it loses 0 points at `best`, `weight` points at `worst`, linear in between."""

    signal: Signal
    """The signal that costs points. Example: `error_ratio`"""
    weight: Fraction
    """The points that are lost at worst; the weights of all parts total 100. Example: `40`"""
    worst: Quantity
    """The value at which all points of the part are lost. Example: `10%`"""
    best: Quantity
    """The value at which no point of the part is lost. Example: `0%`"""
    reduce: Literal["max", "min"] | None = None
    """How several values of the signal become one, where it has more labels than the score. Default: none;
    required there. Example: `max`"""

    @property
    def worst_value(self) -> Fraction:
        """The value at which all points are lost, in the signal's unit."""
        return self.worst.in_unit(self.signal.unit).value

    @property
    def best_value(self) -> Fraction:
        """The value at which none are lost, in the signal's unit."""
        return self.best.in_unit(self.signal.unit).value

    def loss(self, labels: tuple[str, ...]) -> Expr:
        """Return the expression of the points lost, above 0 only; a NaN or a missing value loses none."""
        value = self.signal.value()
        if self.signal.is_open or set(self.signal.labels) != set(labels):
            value = Aggregate(self.reduce or "max", value, labels)
        best, span = self.best_value, self.worst_value - self.best_value
        moved = value if best == 0 else Binary("-", value, number(best))
        share = Call("clamp", (Binary("/", moved, number(span)), number(0), number(1)))
        return Binary(">", Binary("*", number(self.weight), share), number(0))


@dataclass(frozen=True, slots=True)
class Score(SignalKind):
    """100 minus the points that each part loses: 100 if none are lost, absent if no target is up.

    Example: `[{signal: error_ratio, weight: 100, worst: 10%, best: 0%}]`
    """

    NAME: ClassVar[str] = "score"

    of: tuple[ScorePart, ...]

    def readings(self) -> tuple[KindInput, ...]:
        return ()

    def units(self) -> tuple[Unit, ...]:
        return (SCORE,)

    def promised(self) -> Interval:
        return Interval(Fraction(0), Fraction(100))

    def operation(self, signal: Signal) -> str:
        return "score"

    def parts(self) -> tuple[tuple[At, Signal], ...]:
        return tuple(((index, "signal"), part.signal) for index, part in enumerate(self.of))

    def quantities(self) -> tuple[tuple[At, Quantity, Unit], ...]:
        return tuple(
            ((index, key), quantity, part.signal.unit)
            for index, part in enumerate(self.of)
            for key, quantity in (("worst", part.worst), ("best", part.best))
        )

    def promql(self, signal: Signal) -> Expr:
        lost = Aggregate("sum", Vector(signal.record_as(LOSS), signal.select.matchers), signal.labels)
        up = Binary("==", Vector("up", signal.select.matchers), number(1))
        whole = Binary("*", number(100), Aggregate("group", up, signal.labels))
        return Binary("or", Binary("-", number(100), lost), whole)

    def recordings(self, signal: Signal) -> tuple[Rule, ...]:
        losses = (
            Rule("record", signal.record_as(LOSS), part.loss(signal.labels), ((PART, part.signal.name),))
            for part in self.of
        )
        return (*losses, Rule("record", signal.record, self.promql(signal)))

    def words(self, signal: Signal) -> str:
        parts = ", ".join(f"{part.signal.title} ({number_text(part.weight)})" for part in self.of)
        return f"100 less what is lost in {parts}"

    def faults(self, signal: Signal) -> Iterator[InvalidParameters]:
        total = sum(part.weight for part in self.of)
        if total != 100:
            message = f"the weights total {number_text(Fraction(total))}, not 100"
            yield InvalidParameters((), message, "change them until they total 100")
        if PART in signal.select.labels:
            message = f"a score records its losses by the label `{PART}`, which `select` sets otherwise"
            yield InvalidParameters((), message, f"select targets by a label other than `{PART}`")
        seen: set[str] = set()
        for index, part in enumerate(self.of):
            if part.signal.name in seen:
                message = f"`{part.signal.name}` is a part twice, and Prometheus refuses to record it twice"
                yield InvalidParameters(
                    (index, "signal"), message, "give it one weight, and one worst and best value"
                )
            seen.add(part.signal.name)
            if part.weight <= 0:
                yield InvalidParameters(
                    (index, "weight"), "a weight must be above 0", "remove the part, or weigh it"
                )
            if part.worst_value == part.best_value:
                yield InvalidParameters(
                    (index, "worst"), "`worst` equals `best`", "give the value at which all is lost"
                )
            is_same = set(part.signal.labels) == set(signal.labels) and not part.signal.is_open
            if not is_same and part.reduce is None:
                message = f"`{part.signal.name}` has other labels than the score"
                yield InvalidParameters((index, "signal"), message, "say `reduce: max` or `reduce: min`")
            if missing := [label for label in signal.by if label not in part.signal.labels]:
                message = f"`{part.signal.name}` is missing labels of the score"
                yield InvalidParameters(
                    (index, "signal"),
                    message,
                    f"remove `{missing[0]}` from the score's `by`, or add it to that of `{part.signal.name}`",
                )


@of_kind.register(Score)
@dataclass(frozen=True, slots=True)
class ScoreSynthesis(Synthesis):
    """Series of the parts that bring the score to a level."""

    kind: Score

    def synthesise(
        self, level: Fraction, target: Mapping[str, str], traffic: Fraction | None = None
    ) -> tuple[Stream, ...]:
        """Return series over which the parts lose, one after the other, all that they can up to `level`."""
        if not 0 <= level <= 100:
            raise ValueError(f"no score is {level}")
        return self._with_up(self._losing(self._levels(100 - level), target, traffic), [target])

    def spread(self, level: Fraction, targets: Sequence[Mapping[str, str]]) -> tuple[Stream, ...]:
        """Return series with this loss; if possible, a part with `reduce` loses at the first target alone."""
        return self._with_up(self._spread(self._levels(100 - level), targets), targets)

    def dominant_parts(self, level: Fraction, targets: Sequence[Mapping[str, str]]) -> Iterator[DominantPart]:
        for part in self.kind.of:
            parts = (part, *(each for each in self.kind.of if each is not part))
            (_, value), *rest = self._levels(max(100 - level, part.weight), parts)
            others = self._spread(rest, targets)
            worse = part.worst_value + (part.worst_value - part.best_value) / 2
            values = (worse, value) if value == part.worst_value else (value,)
            lost = next(made for each in values if (made := self._made(part, each, targets)))
            at_best = self._spread([(part, part.best_value)], targets)
            yield DominantPart(
                part.signal.name,
                lost=self._with_up([*lost, *others], targets),
                at_best=self._with_up([*at_best, *others], targets),
                gone=self._with_up(others, targets),
            )

    def _levels(self, missing: Fraction, parts: Sequence[ScorePart] = ()) -> list[tuple[ScorePart, Fraction]]:
        """Return each part's value, such that one part after the other loses all it can up to `missing`."""
        levels = []
        for part in parts or self.kind.of:
            lost = min(part.weight, missing)
            missing -= lost
            span = part.worst_value - part.best_value
            levels.append((part, part.best_value + span * lost / part.weight))
        return levels

    def _spread(
        self, levels: Sequence[tuple[ScorePart, Fraction]], targets: Sequence[Mapping[str, str]]
    ) -> list[Stream]:
        """Return series of the parts at these values. With `reduce`, other groups are at no worse a value."""
        found: list[Stream] = []
        for part, value in levels:
            own, mine = synthesis(part.signal), targets
            if part.reduce is not None:
                mine = [each for each in targets if _alike(each, targets[0], part.signal.labels)]
                picks_worst = (part.reduce == "max") == (part.worst_value > part.best_value)
                elsewhere = part.best_value if picks_worst else value
                for target in targets:
                    if target not in mine:
                        found += own.synthesise(elsewhere, target)
                found += _of_other_groups(part.signal, elsewhere, targets[0])
            if len(mine) > 1:
                found += own.spread(value, mine)
            else:
                found += own.synthesise(value, mine[0])
        return found

    def _made(self, part: ScorePart, value: Fraction, targets: Sequence[Mapping[str, str]]) -> list[Stream]:
        """Return series of a part at a value; empty if the part cannot have that value."""
        possible = part.signal.range
        is_above = possible.high is not None and value > possible.high
        is_below = possible.low is not None and value < possible.low
        return [] if is_above or is_below else self._spread([(part, value)], targets)

    def _losing(
        self,
        levels: list[tuple[ScorePart, Fraction]],
        target: Mapping[str, str],
        traffic: Fraction | None = None,
    ) -> list[Stream]:
        return [
            each
            for part, value in levels
            for each in synthesis(part.signal).synthesise(value, target, traffic)
        ]

    def part_levels(self, level: float) -> tuple[tuple[Signal, float], ...]:
        """Return each part with its value if all lose the same share; ValueError outside 0 to 100."""
        if not 0 <= level <= 100:
            raise ValueError(f"no score is {level}")
        lost = (100 - level) / 100
        return tuple(
            (part.signal, float(part.best_value) + float(part.worst_value - part.best_value) * lost)
            for part in self.kind.of
        )

    def set_level(self, level: float, population: Population) -> Population:
        """Set every part to its own level."""
        for part, own in self.part_levels(level):
            population = set_level(part, own, population)
        return population

    def _with_up(self, streams: list[Stream], targets: Sequence[Mapping[str, str]]) -> tuple[Stream, ...]:
        """Return the series without duplicates, and `up` at 1 for the targets."""
        found: dict[object, Stream] = {}
        up = (Stream("up", tuple(sorted(target.items())), Fraction(1)) for target in targets)
        for each in (*up, *streams):
            found.setdefault((each.metric, each.labels), each)
        return tuple(found.values())


def _alike(one: Mapping[str, str], other: Mapping[str, str], labels: tuple[str, ...]) -> bool:
    return all(one.get(label) == other.get(label) for label in labels)


def _of_other_groups(signal: Signal, level: Fraction, target: Mapping[str, str]) -> Iterator[Stream]:
    """Yield series of one target at a level, with another value of each label in the signal's `by`."""
    made = synthesis(signal).synthesise(level, target)
    selectors = [reading.selector for reading in signal.kind.readings()]
    for label in signal.by:
        if any(label in each.metric.label_names for each in selectors):
            other = another(selectors, label, {dict(each.labels).get(label) for each in made})
            if other is not None:
                yield from (relabelled(each, label, other) for each in made)
