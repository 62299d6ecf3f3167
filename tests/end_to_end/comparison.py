"""Comparison of a signal's evaluated values with Prometheus' answers."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from fractions import Fraction
from functools import partial

from tests.end_to_end import history
from tests.end_to_end.history import Labels
from tests.end_to_end.live import Prometheus
from victor_monitoring.promql.samples import SampleSet
from victor_monitoring.signals.evaluation import evaluate
from victor_monitoring.signals.kinds.quantile import Quantile
from victor_monitoring.signals.signal import Signal


@dataclass
class Comparison:
    """The comparisons of a signal: their number, how many values were finite or had changed, and errors."""

    name: str
    all: int = 0
    finite: int = 0
    changed: int = 0
    ties: int = 0
    deviation: float = 0.0  # the largest relative one
    last: dict[Labels, float] = dataclasses.field(default_factory=dict)
    wrong: list[str] = dataclasses.field(default_factory=list)

    def compare(
        self,
        at: int,
        mine: Mapping[Labels, float],
        theirs: Mapping[Labels, float],
        nearby: Callable[[], list[dict[Labels, float]]],
    ) -> None:
        """Compare the values at an instant; `nearby` returns those of slightly different quantiles."""
        if mine.keys() != theirs.keys():
            self.wrong.append(f"{self.name} at {at}: {dict(mine)} and not {dict(theirs)}")
            return
        for labels, value in theirs.items():
            own = mine[labels]
            self.all += 1
            if math.isfinite(value):
                self.finite += 1
                self.changed += not is_close(value, self.last.get(labels, math.nan), 1e-9)
                self.last[labels] = value
            if is_close(own, value, 1e-6):
                if math.isfinite(value) and value:
                    self.deviation = max(self.deviation, abs(own / value - 1))
                continue
            near = [each.get(labels, math.nan) for each in nearby()]
            if near and min(near) * (1 - 1e-6) <= value <= max(near) * (1 + 1e-6):
                self.ties += 1
            else:
                self.wrong.append(f"{self.name}{dict(labels)} at {at}: {own!r} and not {value!r}")

    def __str__(self) -> str:
        counts = f"{self.all} compared, {self.finite} finite, {self.changed} changed, {self.ties} ties"
        return f"{self.name}: {counts}, largest deviation {self.deviation:.1e}"


def is_close(one: float, other: float, tolerance: float) -> bool:
    return (math.isnan(one) and math.isnan(other)) or math.isclose(
        one, other, rel_tol=tolerance, abs_tol=1e-12
    )


def nearby(signal: Signal) -> list[Signal]:
    """Return the signal with slightly lower and slightly higher quantiles; nothing if it has no quantile.

    If exactly that share of the observations is below a bound, the order of floating-point additions decides
    on which side of empty buckets the quantile is.
    """

    def moved(signal: Signal, factor: Fraction) -> Signal:
        if not isinstance(signal.kind, Quantile):
            return signal
        return dataclasses.replace(signal, kind=dataclasses.replace(signal.kind, q=signal.kind.q * factor))

    near = [history.rebuilt(signal, partial(moved, factor=1 + Fraction(sign, 10**9))) for sign in (-1, 1)]
    return [] if near[0] == signal else near


def values(signal: Signal, samples: SampleSet, at: int) -> dict[Labels, float]:
    return {frozenset(labels): value for labels, value in evaluate(signal, samples, at).items()}


def compared(
    prometheus: Prometheus,
    signal: Signal,
    query: str,
    instants: range,
    own: Callable[[Signal, int], dict[Labels, float]],
) -> Comparison:
    """Compare a signal's evaluated values with those of the query at each instant."""
    comparison, near = Comparison(signal.name), nearby(signal)
    for at, theirs in history.answers(prometheus, query, instants).items():
        comparison.compare(at, own(signal, at), theirs, lambda at=at: [own(each, at) for each in near])  # type: ignore[misc]  # mypy does not infer a lambda with a default
    return comparison
