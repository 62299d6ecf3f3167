"""The evaluator of expressions over samples, with Prometheus' semantics, errors included."""

from __future__ import annotations

import math
import operator
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Final, TypeAlias

from victor_monitoring.promql.functions import bucket_quantile, per_second, quotient
from victor_monitoring.promql.samples import Samples, Series
from victor_monitoring.promql.tree import Aggregate, Binary, Call, Expr, Number, Vector

LabelSet: TypeAlias = frozenset[tuple[str, str]]
InstantVector: TypeAlias = Mapping[LabelSet, float]

_ARITHMETIC: Final[Mapping[str, Callable[[float, float], float]]] = {
    "+": operator.add, "-": operator.sub, "*": operator.mul, "/": quotient,
}  # fmt: skip
_COMPARISONS: Final[Mapping[str, Callable[[float, float], bool]]] = {
    "==": operator.eq, "!=": operator.ne,
    "<": operator.lt, "<=": operator.le, ">": operator.gt, ">=": operator.ge,
}  # fmt: skip
_FOLDS: Final[Mapping[str, Callable[[list[float]], float]]] = {
    "sum": sum,
    "avg": lambda values: sum(values) / len(values),
    "max": lambda values: max((each for each in values if not math.isnan(each)), default=math.nan),
    "min": lambda values: min((each for each in values if not math.isnan(each)), default=math.nan),
    "count": lambda values: float(len(values)),
    "group": lambda values: 1.0,
}


class EvaluationError(Exception):
    """Prometheus would fail to evaluate the expression over these samples."""


def evaluated(expr: Expr, samples: Samples, at: int) -> InstantVector | float:
    """Return the instant vector or the scalar at time `at`. Raise EvaluationError where Prometheus fails."""
    match expr:
        case Number(value):
            return float(value)
        case Vector(window=None):
            left_open = samples.prometheus.left_open
            values = ((each, each.value_at(at, left_open=left_open)) for each in _selected(expr, samples))
            return _unique((each.labels, value) for each, value in values if value is not None)
        case Call(function, arguments):
            return _CALLS[function](arguments, samples, at)
        case Aggregate(op, inner, by):
            return _folded(op, _vector(inner, samples, at), by or ())
        case Binary():
            return _binary(expr, samples, at)
        case _:
            raise EvaluationError(f"{expr} cannot be evaluated alone")


def _vector(expr: Expr, samples: Samples, at: int) -> InstantVector:
    found = evaluated(expr, samples, at)
    if isinstance(found, float):
        raise EvaluationError("expected a vector, got a scalar")
    return found


def _number(expr: Expr, samples: Samples, at: int) -> float:
    found = evaluated(expr, samples, at)
    if not isinstance(found, float):
        raise EvaluationError("expected a scalar, got a vector")
    return found


def _selected(vector: Vector, samples: Samples) -> Iterable[Series]:
    return (each for each in samples.series(vector.metric) if vector.matches(each.labels))


def _unique(points: Iterable[tuple[Mapping[str, str], float]]) -> InstantVector:
    found: dict[LabelSet, float] = {}
    for labels, value in points:
        key = frozenset((name, text) for name, text in labels.items() if text)
        if key in found:
            raise EvaluationError("two series with the same labels")
        found[key] = value
    return found


def _folded(op: str, values: InstantVector, by: tuple[str, ...]) -> InstantVector:
    groups: dict[LabelSet, list[float]] = {}
    for labels, value in values.items():
        groups.setdefault(frozenset(pair for pair in labels if pair[0] in by), []).append(value)
    return {labels: _FOLDS[op](each) for labels, each in groups.items()}


def _rate(arguments: tuple[Expr, ...], samples: Samples, at: int) -> InstantVector:
    vector, start = _window_start(arguments, at)
    windows = _windows(vector, samples, start, at)
    rates = (
        (labels, per_second(times, values, start, at, samples.prometheus))
        for labels, (times, values) in windows
    )
    return _unique((labels, rate) for labels, rate in rates if rate is not None)


def _last(arguments: tuple[Expr, ...], samples: Samples, at: int) -> InstantVector:
    vector, start = _window_start(arguments, at)
    windows = _windows(vector, samples, start, at)
    return _unique((labels, values[-1]) for labels, (_, values) in windows if values)


def _windows(
    vector: Vector, samples: Samples, start: int, at: int
) -> Iterator[tuple[Mapping[str, str], tuple[list[int], list[float]]]]:
    """Yield the labels of each selected series, with its times and values in the window."""
    for each in _selected(vector, samples):
        yield each.labels, each.within(start, at, left_open=samples.prometheus.left_open)


def _window_start(arguments: tuple[Expr, ...], at: int) -> tuple[Vector, int]:
    """Return the only argument, which must be a range selector, and the start of its window at `at`."""
    (vector,) = arguments
    if not isinstance(vector, Vector) or vector.window is None:
        raise EvaluationError("expected a range selector")
    return vector, at - vector.window


def _clamp(arguments: tuple[Expr, ...], samples: Samples, at: int) -> InstantVector:
    values = _vector(arguments[0], samples, at)
    low, high = (_number(each, samples, at) for each in arguments[1:])
    bounded = {
        labels: value if math.isnan(value) else max(low, min(high, value)) for labels, value in values.items()
    }
    return bounded if low <= high else {}


def _quantile(arguments: tuple[Expr, ...], samples: Samples, at: int) -> InstantVector:
    q = _number(arguments[0], samples, at)
    histograms: dict[LabelSet, list[tuple[float, float]]] = {}
    for labels, value in _vector(arguments[1], samples, at).items():
        bound = dict(labels).get("le")
        if bound is not None:
            rest = frozenset(pair for pair in labels if pair[0] != "le")
            histograms.setdefault(rest, []).append((float(bound), value))
    return {labels: bucket_quantile(q, buckets) for labels, buckets in histograms.items()}


def _absent(arguments: tuple[Expr, ...], samples: Samples, at: int) -> InstantVector:
    """Return 1 without labels, right unless the argument is a selector, whose `=` labels Prometheus adds."""
    return {} if _vector(arguments[0], samples, at) else {frozenset(): 1.0}


_CALLS: Final[Mapping[str, Callable[[tuple[Expr, ...], Samples, int], InstantVector]]] = {
    "rate": _rate,
    "last_over_time": _last,
    "clamp": _clamp,
    "histogram_quantile": _quantile,
    "absent": _absent,
}


def _binary(expr: Binary, samples: Samples, at: int) -> InstantVector | float:
    left, right = evaluated(expr.left, samples, at), evaluated(expr.right, samples, at)
    if isinstance(left, float) and isinstance(right, float):
        return _applied(expr, left, right, left) or 0.0
    if isinstance(right, float):
        assert not isinstance(left, float)  # the first branch has handled two scalars
        pairs = {labels: (value, right, value) for labels, value in left.items()}
    elif isinstance(left, float):
        pairs = {labels: (left, value, value) for labels, value in right.items()}
    elif expr.op in ("and", "or", "unless"):
        return _set(expr, left, right)
    else:
        pairs = _matched(expr, left, right)
    applied = ((labels, _applied(expr, *pair)) for labels, pair in pairs.items())
    return {labels: value for labels, value in applied if value is not None}


def _applied(expr: Binary, left: float, right: float, result: float) -> float | None:
    """Return the value of one pair; None if a comparison drops it."""
    if expr.op in _ARITHMETIC:
        return _ARITHMETIC[expr.op](left, right)
    is_true = _COMPARISONS[expr.op](left, right)
    if expr.as_bool:
        return float(is_true)
    return result if is_true else None


def _set(expr: Binary, left: InstantVector, right: InstantVector) -> InstantVector:
    matching = {_key(expr, labels) for labels in right}
    mine = {_key(expr, labels) for labels in left}
    match expr.op:
        case "and":
            return {labels: value for labels, value in left.items() if _key(expr, labels) in matching}
        case "unless":
            return {labels: value for labels, value in left.items() if _key(expr, labels) not in matching}
        case _:
            return {**{labels: v for labels, v in right.items() if _key(expr, labels) not in mine}, **left}


def _matched(
    expr: Binary, left: InstantVector, right: InstantVector
) -> dict[LabelSet, tuple[float, float, float]]:
    """Return one-to-one matches. Raise EvaluationError if several series of a side have the same key."""
    others = {_key(expr, labels): value for labels, value in right.items()}
    keys = [_key(expr, labels) for labels in left]
    if len(others) != len(right) or len(set(keys)) != len(keys):
        raise EvaluationError("several series of one side have the same matching labels")
    pairs = zip(keys, left.items(), strict=True)
    return {labels: (value, others[key], value) for key, (labels, value) in pairs if key in others}


def _key(expr: Binary, labels: LabelSet) -> LabelSet:
    return labels if expr.on is None else frozenset(pair for pair in labels if pair[0] in expr.on)
