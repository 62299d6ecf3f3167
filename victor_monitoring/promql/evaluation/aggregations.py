"""Aggregations of an instant vector, and folds of values that functions over time share."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from decimal import Decimal
from typing import Final

from victor_monitoring.promql.evaluation.vectors import (
    EvaluationError,
    InstantVector,
    LabelSet,
    UnsupportedError,
    check_label,
    only,
    relabeled,
    without,
)
from victor_monitoring.promql.prometheus_version import PrometheusVersion
from victor_monitoring.promql.tree import Aggregate

Fold = Callable[[Sequence[float]], float]


def total(values: Sequence[float]) -> float:
    """Return the sum, exact where all values are finite."""
    try:
        return math.fsum(values)
    except (OverflowError, ValueError):
        return float(sum(values))


def mean(values: Sequence[float]) -> float:
    """Return the average, finite if all values are."""
    found = total(values) / len(values)
    if math.isinf(found) and not any(map(math.isinf, values)):
        return total([value / len(values) for value in values])
    return found


def largest(values: Sequence[float]) -> float:
    """Return the largest value, NaN only if all are."""
    return max((value for value in values if not math.isnan(value)), default=math.nan)


def smallest(values: Sequence[float]) -> float:
    """Return the smallest value, NaN only if all are."""
    return min((value for value in values if not math.isnan(value)), default=math.nan)


def variance(values: Sequence[float]) -> float:
    """Return the population variance, computed step by step as Prometheus does."""
    average = squares = 0.0
    for count, value in enumerate(values, 1):
        delta = value - average
        average += delta / count
        squares += delta * (value - average)
    return squares / len(values)


def deviation(values: Sequence[float]) -> float:
    """Return the population standard deviation."""
    return math.sqrt(variance(values))


def quantile(q: float, values: Sequence[float]) -> float:
    """Return the `q` quantile, interpolated between two values; NaN is the smallest value."""
    if not values or math.isnan(q):
        return math.nan
    if not 0 <= q <= 1:
        return math.copysign(math.inf, q)
    ordered = sorted(values, key=lambda value: (not math.isnan(value), value))
    rank = q * (len(ordered) - 1)
    low = int(rank)
    weight = rank - low
    return ordered[low] * (1 - weight) + ordered[min(low + 1, len(ordered) - 1)] * weight


FOLDS: Final[Mapping[str, Fold]] = {
    "sum": lambda values: total(values) or sum(values, -0.0),
    "avg": mean,
    "max": largest,
    "min": smallest,
    "count": lambda values: float(len(values)),
    "group": lambda values: 1.0,
    "stddev": deviation,
    "stdvar": variance,
}


def aggregation(expr: Aggregate) -> Callable[[InstantVector, float | str, PrometheusVersion], InstantVector]:
    """Return the aggregation of a vector with a parameter, which those without one ignore."""
    by = expr.by if expr.by is not None or expr.without is not None else ()
    key = only(by) if by is not None else without(expr.without or ())
    if expr.op in FOLDS:
        fold = FOLDS[expr.op]
        is_spread = fold in (deviation, variance)
        return lambda vector, _, prometheus: {
            k: 0.0 if is_spread and len(each) == 1 and prometheus.is_before_3 else fold(list(each.values()))
            for k, each in _groups(key, vector).items()
        }
    match expr.op:
        case "quantile":
            return lambda vector, q, _: {
                k: quantile(float(q), list(each.values())) for k, each in _groups(key, vector).items()
            }
        case "topk" | "bottomk":
            sign = -1.0 if expr.op == "topk" else 1.0
            return lambda vector, count, prometheus: _ranked(
                _groups(key, vector), float(count), sign, prometheus
            )
        case "count_values":
            return lambda vector, label, prometheus: _counted(
                vector, str(label), by, expr.without, prometheus
            )
    raise UnsupportedError(f"the aggregation `{expr.op}` is not supported")


def _groups(
    key: Callable[[LabelSet], LabelSet], vector: InstantVector
) -> dict[LabelSet, dict[LabelSet, float]]:
    groups: dict[LabelSet, dict[LabelSet, float]] = {}
    for labels, value in vector.items():
        groups.setdefault(key(labels), {})[labels] = value
    return groups


def _ranked(
    groups: Mapping[LabelSet, InstantVector], count: float, sign: float, prometheus: PrometheusVersion
) -> InstantVector:
    """Return the first `count` series of each group; NaN ranks last."""
    if count < 1 and not prometheus.is_before_3:
        return {}
    if not -(2.0**63) < count < 2.0**63:
        raise EvaluationError(f"scalar value {count} overflows int64")
    found: dict[LabelSet, float] = {}
    for group in groups.values():
        ordered = sorted(group.items(), key=lambda each: (math.isnan(each[1]), sign * each[1]))
        found.update(ordered[: max(0, int(count))])
    return found


def _counted(
    vector: InstantVector,
    label: str,
    by: Sequence[str] | None,
    excluded: Sequence[str] | None,
    prometheus: PrometheusVersion,
) -> InstantVector:
    check_label(label, prometheus)
    key = only((*by, label)) if by is not None else without(excluded or ())
    found: dict[LabelSet, float] = {}
    for labels, value in vector.items():
        group = key(relabeled(labels, label, value_text(value)))
        found[group] = found.get(group, 0.0) + 1
    return found


def value_text(value: float) -> str:
    """Return the shortest decimal of the value without an exponent, as Go formats it."""
    if math.isnan(value):
        return "NaN"
    if math.isinf(value):
        return "+Inf" if value > 0 else "-Inf"
    text = format(Decimal(repr(value)), "f")
    return text.removesuffix(".0")
