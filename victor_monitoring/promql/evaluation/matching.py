"""Binary operators, and the matching of the series of two vectors."""

from __future__ import annotations

import math
import operator
from collections.abc import Callable, Mapping
from typing import Final

from victor_monitoring.promql.evaluation.functions import quotient
from victor_monitoring.promql.evaluation.vectors import (
    EvaluationError,
    InstantVector,
    LabelSet,
    UnsupportedError,
    only,
    relabeled,
    unique,
    unnamed,
    without,
)
from victor_monitoring.promql.prometheus_version import PrometheusVersion
from victor_monitoring.promql.tree import Binary


def remainder(dividend: float, divisor: float) -> float:
    """Return the remainder with the sign of the dividend; NaN where there is none."""
    try:
        return math.fmod(dividend, divisor)
    except ValueError:
        return math.nan


def power(base: float, exponent: float) -> float:
    """Return the IEEE 754 power: infinite beyond the doubles, NaN for a root of a negative number."""
    try:
        return math.pow(base, exponent)
    except OverflowError:
        return -math.inf if base < 0 and exponent % 2 == 1 else math.inf
    except ValueError:
        if base != 0:
            return math.nan
        return math.copysign(math.inf, base) if exponent % 2 == 1 else math.inf


_ARITHMETIC: Final[Mapping[str, Callable[[float, float], float]]] = {
    "+": operator.add, "-": operator.sub, "*": operator.mul, "/": quotient,
    "%": remainder, "^": power, "atan2": math.atan2,
}  # fmt: skip
_COMPARISONS: Final[Mapping[str, Callable[[float, float], bool]]] = {
    "==": operator.eq, "!=": operator.ne,
    "<": operator.lt, "<=": operator.le, ">": operator.gt, ">=": operator.ge,
}  # fmt: skip


def scalars(op: str) -> Callable[[float, float], float]:
    """Return the operation of two scalars; a comparison yields 0 or 1."""
    if op in _ARITHMETIC:
        return _ARITHMETIC[op]
    is_true = _comparison(op)
    return lambda left, right: float(is_true(left, right))


def with_scalar(
    expr: Binary, *, is_left: bool
) -> Callable[[InstantVector, float, PrometheusVersion], InstantVector]:
    """Return the operation of a vector, whose values a comparison keeps, and a scalar on one of its sides."""
    is_filter = expr.op in _COMPARISONS and not expr.as_bool
    operation = scalars(expr.op)
    apply = (lambda value, number: operation(number, value)) if is_left else operation
    if is_filter:
        return lambda vector, number, _: {k: v for k, v in vector.items() if apply(v, number)}
    return lambda vector, number, prometheus: unique(
        [(_naming(expr, prometheus)(k), apply(v, number)) for k, v in vector.items()]
    )


def vectors(expr: Binary) -> Callable[[InstantVector, InstantVector, PrometheusVersion], InstantVector]:
    """Return the operation of two vectors, a set operator or one of matching series."""
    key = only(expr.on) if expr.on is not None else without(expr.ignoring or ())
    if expr.op in _SETS:
        combine = _SETS[expr.op]
        return lambda left, right, _: combine(key, left, right)
    return _Matched(expr, key)


def _naming(expr: Binary, prometheus: PrometheusVersion) -> Callable[[LabelSet], LabelSet]:
    return _as_is if expr.op == "atan2" and prometheus.is_before_3 else unnamed


def _as_is(labels: LabelSet) -> LabelSet:
    return labels


_Key = Callable[[LabelSet], LabelSet]


def _and(key: _Key, left: InstantVector, right: InstantVector) -> InstantVector:
    keys = set(map(key, right))
    return {labels: value for labels, value in left.items() if key(labels) in keys}


def _unless(key: _Key, left: InstantVector, right: InstantVector) -> InstantVector:
    keys = set(map(key, right))
    return {labels: value for labels, value in left.items() if key(labels) not in keys}


def _or(key: _Key, left: InstantVector, right: InstantVector) -> InstantVector:
    return {**_unless(key, right, left), **left}


_SETS: Final[Mapping[str, Callable[[_Key, InstantVector, InstantVector], InstantVector]]] = {
    "and": _and, "unless": _unless, "or": _or,
}  # fmt: skip


def _comparison(op: str) -> Callable[[float, float], bool]:
    if op not in _COMPARISONS:
        raise UnsupportedError(f"the operator `{op}` is not supported")
    return _COMPARISONS[op]


class _Matched:
    """An operation of the matching series of two vectors."""

    def __init__(self, expr: Binary, key: _Key) -> None:
        self._expr, self._key, self._apply = expr, key, scalars(expr.op)
        self._is_filter = expr.op in _COMPARISONS and not expr.as_bool
        self._keep = only(expr.on) if expr.on is not None else self._ignoring

    def __call__(
        self, left: InstantVector, right: InstantVector, prometheus: PrometheusVersion
    ) -> InstantVector:
        """Return the result. Raise EvaluationError for several matches where one is allowed."""
        if not left or not right:
            return {}
        is_swapped = self._expr.many == "right"
        many, one = (right, left) if is_swapped else (left, right)
        others: dict[LabelSet, tuple[LabelSet, float]] = {}
        for labels, value in one.items():
            if others.setdefault(self._key(labels), (labels, value))[0] is not labels:
                raise EvaluationError("found duplicate series for the match group on one side")
        found: list[tuple[LabelSet, float]] = []
        seen: set[tuple[LabelSet, LabelSet]] = set()
        for labels, value in many.items():
            key = self._key(labels)
            if key not in others:
                continue
            other, its = others[key]
            first, second = (its, value) if is_swapped else (value, its)
            result = self._apply(first, second)
            is_dropped = self._is_filter and not result
            if is_dropped and prometheus.is_before_3:
                continue
            merged = self._labels(labels, other, prometheus)
            match = (key, merged if self._expr.many else key)
            if match in seen:
                raise EvaluationError("multiple matches for labels")
            seen.add(match)
            if is_dropped:
                continue
            if self._is_filter:
                result = first
            found.append((merged, result))
        return unique(found)

    def _ignoring(self, labels: LabelSet) -> LabelSet:
        return frozenset(pair for pair in labels if pair[0] not in (self._expr.ignoring or ()))

    def _labels(self, many: LabelSet, one: LabelSet, prometheus: PrometheusVersion) -> LabelSet:
        labels = many if self._is_filter else _naming(self._expr, prometheus)(many)
        if self._expr.many is None:
            return self._keep(labels)
        others = dict(one)
        for name in self._expr.include:
            labels = relabeled(labels, name, others.get(name, ""))
        return unnamed(labels) if self._expr.as_bool else labels
