"""Facts that are true of given series, and the contradictions between an inference and values."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction

from victor_monitoring.promql.evaluation.evaluator import InstantVector, LabelSet
from victor_monitoring.promql.evaluation.functions import upper_bound
from victor_monitoring.promql.inference.dimensions import ONE, SECONDS
from victor_monitoring.promql.inference.facts import Buckets, Facts, SeriesFacts
from victor_monitoring.promql.inference.infer import Inferred
from victor_monitoring.promql.inference.labels import one_of
from victor_monitoring.promql.samples import Series, is_stale

_TOLERANCE = 1e-9


def true_facts(series: Mapping[str, Sequence[Series]]) -> Facts:
    """Return facts of the series, as exact as these allow; others than `a` have no unknown labels."""
    return {name: _facts(name, each) for name, each in series.items()}


def _facts(name: str, series: Sequence[Series]) -> SeriesFacts:
    values = [value for each in series for value in each.values if not is_stale(value)]
    is_finite = all(map(math.isfinite, values))
    names = {label for each in series for label in each.labels}
    is_open = name == "a"
    labels = {label: {each.labels.get(label, "") for each in series} for label in sorted(names)}
    bounds = [bound for le in labels.get("le", ()) if (bound := upper_bound(le)) is not None]
    return SeriesFacts(
        labels={label: one_of(each) for label, each in labels.items() if not (is_open and "" in each)},
        has_others=is_open,
        dimension=ONE if name.endswith("_total") else SECONDS,
        low=Fraction(min(values)) if is_finite else None,
        high=Fraction(max(values)) if is_finite else None,
        grows=is_finite and min(values) >= 0,
        buckets=Buckets(tuple(Fraction(str(each)) for each in bounds if math.isfinite(each)), SECONDS)
        if bounds
        else None,
    )


@dataclass(slots=True)
class Tally:
    """The number of inferences that say something."""

    labels: int = 0
    bounds: int = 0
    emptiness: int = 0
    numbers: int = 0

    def says(self, pairs: int) -> bool:
        """Return whether a fair share of the inferences of so many pairs says something."""
        return (
            self.labels > pairs * 0.8
            and self.bounds > pairs / 3
            and self.numbers > pairs / 4
            and self.emptiness > pairs / 12
        )

    def add(self, found: Inferred) -> None:
        """Count an inference."""
        self.labels += bool(found.labels.always) or not found.labels.open
        self.bounds += not (found.range.low is None and found.range.high is None)
        self.emptiness += found.empty != "possibly"
        self.numbers += not found.range.nan


def contradictions(found: Inferred, values: InstantVector) -> Iterator[str]:
    """Yield what an inference says and the values deny."""
    if found.empty == ("always" if values else "never"):
        yield f"is {found.empty} empty"
    for labels, value in values.items():
        yield from _of_labels(found, labels)
        yield from _of_value(found, value)


def _of_labels(found: Inferred, labels: LabelSet) -> Iterator[str]:
    given = dict(labels)
    for name in found.labels.named.keys() | given.keys():
        options = found.labels[name].options
        if (options is not None and given.get(name, "") not in options) or (
            name not in given and not found.labels[name].missing
        ):
            yield f"{name}={given.get(name, '')!r} is none of {options}"


def _of_value(found: Inferred, value: float) -> Iterator[str]:
    possible = found.range
    if math.isnan(value):
        if not possible.nan:
            yield "no NaN"
        return
    if math.isinf(value) and not possible.infinite:
        yield f"{value} is finite"
    low, high = possible.interval.ends
    if not possible.outer.ends[0] <= value <= possible.outer.ends[1]:
        yield f"{value} is outside of {possible.outer}"
    if not float(low) - _room(low) <= value <= float(high) + _room(high):
        yield f"{value} is outside of {possible.interval}"
    if possible.unsigned and math.copysign(1, value) < 0:
        yield f"{value} is unsigned"


def _room(end: Fraction | float) -> float:
    return _TOLERANCE * max(1.0, abs(float(end))) if math.isfinite(end) else 0.0
