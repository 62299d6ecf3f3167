"""Functions of instant vectors and scalars: arithmetic of each value, calendar, labels, histograms."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from typing import Final, TypeAlias

from victor_monitoring.promql.evaluation.functions import bucket_quantile, quotient, upper_bound
from victor_monitoring.promql.evaluation.vectors import (
    InstantVector,
    LabelSet,
    check_label,
    relabeled,
    unique,
    unnamed,
)
from victor_monitoring.promql.prometheus_version import PrometheusVersion
from victor_monitoring.promql.regular_expressions import compiled, with_groups

Relabeling: TypeAlias = Callable[[InstantVector, PrometheusVersion], InstantVector]


def larger(one: float, other: float) -> float:
    """Return the larger value; NaN if one is, unless the other is infinite."""
    if math.inf in (one, other):
        return math.inf
    return math.nan if math.isnan(one) or math.isnan(other) else max(one, other)


def _smaller(one: float, other: float) -> float:
    return -larger(-one, -other)


def _total_function(
    function: Callable[[float], float], poles: Mapping[float, float] | None = None
) -> Callable[[float], float]:
    """Return the function with IEEE 754 results outside its domain and range."""

    def apply(value: float) -> float:
        try:
            return function(value)
        except OverflowError:
            return -math.inf if function is math.sinh and value < 0 else math.inf
        except ValueError:
            return (poles or {}).get(value, math.nan)

    return apply


def _whole(function: Callable[[float], int]) -> Callable[[float], float]:
    return lambda value: math.copysign(function(value), value) if math.isfinite(value) else value


def _floor(value: float) -> float:
    return float(math.floor(value)) if math.isfinite(value) else value


def _rounded(value: float, to: float = 1.0) -> float:
    inverse = quotient(1.0, to)
    return quotient(_floor(value * inverse + 0.5), inverse)


def _sign(value: float) -> float:
    return math.copysign(1.0, value) if value > 0 or value < 0 else value


_LOG_POLE: Final = {0.0: -math.inf}
OF_VALUE: Final[Mapping[str, Callable[..., float]]] = {
    "abs": abs,
    "ceil": _whole(math.ceil),
    "floor": _floor,
    "round": _rounded,
    "sgn": _sign,
    "clamp_min": larger,
    "clamp_max": _smaller,
    "exp": _total_function(math.exp),
    "sqrt": _total_function(math.sqrt),
    "ln": _total_function(math.log, _LOG_POLE),
    "log2": _total_function(math.log2, _LOG_POLE),
    "log10": _total_function(math.log10, _LOG_POLE),
    "deg": lambda value: value * 180 / math.pi,
    "rad": lambda value: value * math.pi / 180,
    "atanh": _total_function(math.atanh, {1.0: math.inf, -1.0: -math.inf}),
    **{
        name: _total_function(getattr(math, name))
        for name in ("sin", "cos", "tan", "asin", "acos", "atan", "sinh", "cosh", "tanh", "asinh", "acosh")
    },
}


def _civil(seconds: float) -> tuple[int, int, int]:
    """Return year, month and day of a time in seconds since 1970."""
    shifted = int(seconds) // 86_400 + 719_468  # days since 0000-03-01
    era, day_of_era = divmod(shifted, 146_097)
    year = (day_of_era - day_of_era // 1460 + day_of_era // 36_524 - day_of_era // 146_096) // 365
    day_of_year = day_of_era - (365 * year + year // 4 - year // 100)
    month = (5 * day_of_year + 2) // 153
    day = day_of_year - (153 * month + 2) // 5 + 1
    return year + era * 400 + (month >= 10), month + 3 if month < 10 else month - 9, day


def _is_leap(year: int) -> bool:
    return year % 4 == 0 and (year % 100 != 0 or year % 400 == 0)


def _days_in_month(seconds: float) -> int:
    year, month, _ = _civil(seconds)
    return 28 + _is_leap(year) if month == 2 else 30 + (month in (1, 3, 5, 7, 8, 10, 12))


def _day_of_year(seconds: float) -> int:
    year, month, day = _civil(seconds)
    before = sum((31, 28 + _is_leap(year), 31, 30, 31, 30, 31, 31, 30, 31, 30)[: month - 1])
    return before + day


_CALENDAR: Final[Mapping[str, Callable[[float], int]]] = {
    "minute": lambda seconds: int(seconds) // 60 % 60,
    "hour": lambda seconds: int(seconds) // 3600 % 24,
    "day_of_week": lambda seconds: (int(seconds) // 86_400 + 4) % 7,
    "day_of_month": lambda seconds: _civil(seconds)[2],
    "day_of_year": _day_of_year,
    "days_in_month": _days_in_month,
    "month": lambda seconds: _civil(seconds)[1],
    "year": lambda seconds: _civil(seconds)[0],
}


def _finite(function: Callable[[float], int]) -> Callable[[float], float]:
    return lambda seconds: float(function(seconds)) if math.isfinite(seconds) else math.nan


# The parts of a date in UTC; NaN for a time that is not finite.
CALENDAR: Final = {name: _finite(function) for name, function in _CALENDAR.items()}


def clamped(vector: InstantVector, low: float, high: float) -> InstantVector:
    """Return the values bounded by `low` and `high`; no series if these are in the wrong order."""
    if high < low:
        return {}
    return unique([(unnamed(k), larger(low, _smaller(high, value))) for k, value in vector.items()])


def histogram_quantile(q: float, vector: InstantVector) -> InstantVector:
    """Return the quantile of each classic histogram; series without a bound in `le` are skipped."""
    histograms: dict[LabelSet, list[tuple[float, float]]] = {}
    for labels, value in vector.items():
        bound = upper_bound(dict(labels).get("le", ""))
        if bound is not None:
            rest = frozenset(pair for pair in labels if pair[0] != "le")
            histograms.setdefault(rest, []).append((bound, value))
    if math.isnan(q) or not 0 <= q <= 1:
        outside = q if math.isnan(q) else math.copysign(math.inf, q)
        return unique([(unnamed(labels), outside) for labels in histograms])
    return unique([(unnamed(labels), bucket_quantile(q, each)) for labels, each in histograms.items()])


def label_replace(target: str, template: str, source: str, pattern: str) -> Relabeling:
    """Return a function that sets a label by a match of another one."""
    whole = compiled(pattern)

    def changed(labels: LabelSet) -> LabelSet:
        match = whole.fullmatch(dict(labels).get(source, ""))
        return labels if match is None else relabeled(labels, target, with_groups(template, match))

    return _relabeling([target], changed)


def label_join(target: str, separator: str, *sources: str) -> Relabeling:
    """Return a function that sets a label to the joined values of others."""

    def changed(labels: LabelSet) -> LabelSet:
        values = dict(labels)
        return relabeled(labels, target, separator.join(values.get(name, "") for name in sources))

    return _relabeling([target, *sources], changed)


def _relabeling(names: Sequence[str], changed: Callable[[LabelSet], LabelSet]) -> Relabeling:
    """Return a function that changes labels, once the version has taken these names."""

    def apply(vector: InstantVector, prometheus: PrometheusVersion) -> InstantVector:
        for name in names:
            check_label(name, prometheus)
        return unique([(changed(labels), value) for labels, value in vector.items()])

    return apply


def sorted_by_value(vector: InstantVector, *, descending: bool) -> InstantVector:
    """Return the vector in the order of its values, NaN last."""
    sign = -1 if descending else 1
    return dict(sorted(vector.items(), key=lambda each: (math.isnan(each[1]), sign * each[1])))


def the_only(vector: InstantVector) -> float:
    """Return the value of the only series; NaN unless there is exactly one."""
    return next(iter(vector.values())) if len(vector) == 1 else math.nan


LABEL_FUNCTIONS: Final[Mapping[str, Callable[..., Relabeling]]] = {
    "label_replace": label_replace,
    "label_join": label_join,
}
OF_VECTOR: Final[Mapping[str, Callable[[InstantVector], InstantVector]]] = {
    "sort": lambda vector: sorted_by_value(vector, descending=False),
    "sort_desc": lambda vector: sorted_by_value(vector, descending=True),
}
