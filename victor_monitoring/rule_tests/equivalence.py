"""Equivalent mutants: those that compute the same as the original rule for many random inputs."""

from __future__ import annotations

import math
import random
import zlib
from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Final

from victor_monitoring.promql.evaluation.evaluator import (
    Evaluation,
    EvaluationError,
    LabelSet,
    compiled,
    without_names,
)
from victor_monitoring.promql.examples import examples
from victor_monitoring.promql.samples import SampleSet, Series
from victor_monitoring.promql.tree import Aggregate, Call, Expr, Matcher, Number, Vector, nodes
from victor_monitoring.rule_tests.mutations import Mutant

INPUTS: Final = 10_000
_AT: Final = 10**9  # any moment that leaves room for windows before it
_BOUNDS: Final = ("0.1", "1.0", "5.0", "+Inf")
_OTHERS: Final = ("", "one", "two")


def is_equivalent(mutant: Mutant, inputs: int = INPUTS) -> bool:
    """Return whether the rule has the same value before and after, for this number of random inputs.

    Only expressions are compared: rules that differ in anything else are not equivalent.
    """
    before, after = mutant.old.expr, mutant.new.expr
    if replace(mutant.new, expr=before) != mutant.old:
        return False
    dice = random.Random(zlib.crc32(mutant.name.encode()))  # noqa: S311 - the same inputs every time
    draw = RandomSamples(before, after, dice)
    one, other = compiled(before), compiled(after)
    return all(_alike(one, other, draw.samples()) for _ in range(inputs))


def _alike(before: Evaluation, after: Evaluation, samples: SampleSet) -> bool:
    """Return whether both have the same series with the same values, or neither can be evaluated."""
    one, other = _result(before, samples), _result(after, samples)
    if one is None or other is None:
        return one is other
    return one.keys() == other.keys() and all(_close(value, other[key]) for key, value in one.items())


def _result(evaluation: Evaluation, samples: SampleSet) -> Mapping[LabelSet, float] | None:
    """Return the values without names, which a rule replaces; None if they cannot be evaluated."""
    try:
        found = evaluation(samples, _AT)
        assert not isinstance(found, str)  # no rule is a string
        return {frozenset(): found} if isinstance(found, float) else without_names(found)
    except EvaluationError:
        return None


def _close(one: float, other: float) -> bool:
    return math.isclose(one, other, rel_tol=1e-9) or (math.isnan(one) and math.isnan(other))


class RandomSamples:
    """Random samples, up to `at`, of all series that two expressions read, near the numbers in them."""

    at: Final = _AT

    def __init__(self, before: Expr, after: Expr, dice: random.Random) -> None:
        self._dice = dice
        self._vectors: dict[str, list[Vector]] = {}
        for expr in (before, after):
            for vector in nodes(expr, Vector):
                self._vectors.setdefault(vector.metric, []).append(vector)
        calls = (call for expr in (before, after) for call in nodes(expr, Call))
        growing = (call for call in calls if call.function in ("rate", "increase"))
        self._totals = {vector.metric for call in growing for vector in nodes(call, Vector)}
        self._numbers = [float(n.value) for expr in (before, after) for n in nodes(expr, Number)]
        grouped = (
            label for expr in (before, after) for node in nodes(expr, Aggregate) for label in node.by or ()
        )
        self._labels = [label for label in dict.fromkeys(grouped) if label != "le"]
        windows = [vector.window for each in self._vectors.values() for vector in each if vector.window]
        self._interval = min(windows, default=60_000) // 4
        self._longest = max(windows, default=60_000)

    def samples(self) -> SampleSet:
        """Return a few series of each metric, in one or two label groups that all metrics share."""
        groups = [{label: self._dice.choice(_OTHERS) for label in self._labels} for _ in range(2)]
        return SampleSet({name: list(self._series(name, groups)) for name in self._vectors})

    def _series(self, name: str, groups: list[dict[str, str]]) -> Iterator[Series]:
        by_labels: dict[frozenset[tuple[str, str]], dict[str, str]] = {}
        for _ in range(self._dice.randint(0, 4)):
            labels = self._drawn(name, self._dice.choice(groups))
            by_labels.setdefault(frozenset(labels.items()), labels)
        for labels in by_labels.values():
            times = self._times()
            if name in self._totals and name.endswith("_bucket"):
                below = [0.0] * len(times)
                for bound in _BOUNDS:
                    below = [a + b for a, b in zip(below, self._growing(len(times)), strict=True)]
                    yield Series({**labels, "le": bound}, times, below)
            elif name in self._totals:
                yield Series(labels, times, self._growing(len(times)))
            else:
                yield Series(labels, times, [self._near(name) for _ in times])

    def _drawn(self, name: str, group: dict[str, str]) -> dict[str, str]:
        """Draw labels: most satisfy the matchers, some do not, and two are read by no expression."""
        matchers = [matcher for vector in self._vectors[name] for matcher in vector.matchers]
        free = {label: self._dice.choice(_OTHERS) for label in ("instance", "else") if label not in group}
        return {**group, **free, **{matcher.label: self._matching(matcher) for matcher in matchers}}

    def _matching(self, matcher: Matcher) -> str:
        values = examples(matcher.value) if matcher.op in ("=~", "!~") else (matcher.value,)
        return self._dice.choice([*values, *values, *values, *_OTHERS[1:]])

    def _times(self) -> list[int]:
        """Draw the times of scrapes up to now; some are missed, possibly the last ones."""
        count = self._dice.choice((1, 2, 4, 2 * self._longest // self._interval))
        end = _AT - self._dice.choice((0, 0, self._dice.randint(0, 9) * self._interval))
        missed = self._dice.choice((0, 0, 0.2))
        times = [end - index * self._interval for index in range(count) if self._dice.random() >= missed]
        return times[::-1] or [end]

    def _growing(self, count: int) -> list[float]:
        total, step, values = 0.0, self._dice.choice((0.0, 1.0, 10.0, 100.0)), []
        for _ in range(count):
            total = 0.0 if self._dice.random() < 0.02 else total + step * self._dice.random()
            values.append(total)
        return values

    def _near(self, name: str) -> float:
        """Draw a value near a number of the expressions, or exactly such a number.

        A recorded series (`:` in its name) results from floating-point arithmetic and is only ever near.
        """
        number = self._dice.choice([*self._numbers, 0.0, 1.0])
        if ":" in name:
            return number * self._dice.uniform(0, 3)
        return number * self._dice.choice((0.0, 0.5, 1.0, 1.0, 2.0, self._dice.uniform(0, 3)))
