"""How every kind is evaluated over samples: rates, last values, and folds, with Prometheus' meaning."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Final, TypeAlias

from victor_monitoring.promql.functions import per_second
from victor_monitoring.promql.samples import Samples, Series
from victor_monitoring.signals.metric import Selector
from victor_monitoring.signals.signal import LabelPairs, Signal

LabelledNumber: TypeAlias = tuple[Mapping[str, str], float]


def rates(
    signal: Signal, of: Selector, samples: Samples, at: int, suffix: str = ""
) -> Iterator[LabelledNumber]:
    """The per-second rate of each series over the signal's window up to `at`."""
    start = at - signal.window
    known: dict[tuple[int, int], float | None] = {}
    for series in tuple(selected(signal, of, samples, suffix)):  # held, so that no identity is used twice
        same = id(series.times), id(series.values)  # buckets of synthetic histograms share them
        if same not in known:
            window = series.within(start, at, left_open=samples.prometheus.left_open)
            known[same] = per_second(*window, start, at, samples.prometheus)
        rate = known[same]
        if rate is not None:
            yield series.labels, rate


def last_values(signal: Signal, of: Selector, samples: Samples, at: int) -> Iterator[LabelledNumber]:
    """The last value of each series of a gauge within the look-back."""
    for series in selected(signal, of, samples):
        _, values = series.within(at - signal.lookback, at, left_open=samples.prometheus.left_open)
        if values:
            yield series.labels, values[-1]


def standing_values(signal: Signal, of: Selector, samples: Samples, at: int) -> Iterator[LabelledNumber]:
    """The value at which each series stands, as a selector without a window reads it."""
    for series in selected(signal, of, samples):
        value = series.standing(at, left_open=samples.prometheus.left_open)
        if value is not None:
            yield series.labels, value


def selected(signal: Signal, of: Selector, samples: Samples, suffix: str = "") -> Iterator[Series]:
    """The series of the signal's targets that the selector selects."""
    selector = Selector(of.metric, (*signal.select, *of.matchers))
    return (each for each in samples.series(of.metric.name + suffix) if selector.matches(each.labels))


def folded(op: str, points: Iterable[LabelledNumber], labels: tuple[str, ...]) -> dict[LabelPairs, float]:
    """The points folded with `op` (sum, avg, max, min) into one for each set of the labels."""
    groups: dict[LabelPairs, list[float]] = {}
    for own, value in points:
        groups.setdefault(label_pairs(own, labels), []).append(value)
    return {key: _FOLDS[op](values) for key, values in groups.items()}


def label_pairs(own: Mapping[str, str], labels: Iterable[str]) -> LabelPairs:
    """These labels with their values; one without a value is left out, which means the same."""
    return tuple((label, own[label]) for label in labels if own.get(label))


def _mean(values: list[float]) -> float:
    return sum(value / len(values) for value in values)  # a sum first might overflow


def _greatest(values: list[float]) -> float:
    """The greatest number; NaN only where there is no other."""
    return max((each for each in values if not math.isnan(each)), default=math.nan)


def _least(values: list[float]) -> float:
    """The least number; NaN only where there is no other."""
    return min((each for each in values if not math.isnan(each)), default=math.nan)


_FOLDS: Final[Mapping[str, Callable[[list[float]], float]]] = {
    "sum": sum,
    "avg": _mean,
    "max": _greatest,
    "min": _least,
}
