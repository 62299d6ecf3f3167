"""Evaluation shared by all kinds: rates, last values and aggregation over samples, as Prometheus does."""

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
    """Yield each series' labels and per-second rate over the signal's window up to `at`."""
    start = at - signal.window
    known: dict[tuple[int, int], float | None] = {}
    for series in tuple(selected(signal, of, samples, suffix)):  # kept alive, so that ids stay unique
        same = id(series.times), id(series.values)  # buckets of synthetic histograms share them
        if same not in known:
            window = series.within(start, at, left_open=samples.prometheus.left_open)
            known[same] = per_second(*window, start, at, samples.prometheus)
        rate = known[same]
        if rate is not None:
            yield series.labels, rate


def last_values(signal: Signal, of: Selector, samples: Samples, at: int) -> Iterator[LabelledNumber]:
    """Yield each series' labels and last value within the signal's look-back; a gauge's series."""
    for series in selected(signal, of, samples):
        _, values = series.within(at - signal.lookback, at, left_open=samples.prometheus.left_open)
        if values:
            yield series.labels, values[-1]


def instant_values(signal: Signal, of: Selector, samples: Samples, at: int) -> Iterator[LabelledNumber]:
    """Yield each series' labels and value at `at`, as an instant selector reads it."""
    for series in selected(signal, of, samples):
        value = series.value_at(at, left_open=samples.prometheus.left_open)
        if value is not None:
            yield series.labels, value


def selected(signal: Signal, of: Selector, samples: Samples, suffix: str = "") -> Iterator[Series]:
    """Return the series of the signal's targets that match the selector."""
    selector = Selector(of.metric, (*signal.select, *of.matchers))
    return (each for each in samples.series(of.metric.name + suffix) if selector.matches(each.labels))


def folded(op: str, points: Iterable[LabelledNumber], labels: tuple[str, ...]) -> dict[LabelPairs, float]:
    """Aggregate the points by `labels` with `op`: sum, avg, max or min."""
    groups: dict[LabelPairs, list[float]] = {}
    for own, value in points:
        groups.setdefault(label_pairs(own, labels), []).append(value)
    return {key: _FOLDS[op](values) for key, values in groups.items()}


def label_pairs(own: Mapping[str, str], labels: Iterable[str]) -> LabelPairs:
    """Return these labels with their values; an empty value equals a missing label and is left out."""
    return tuple((label, own[label]) for label in labels if own.get(label))


def _mean(values: list[float]) -> float:
    return sum(value / len(values) for value in values)  # the plain sum might overflow


def _greatest(values: list[float]) -> float:
    """Return the greatest number; NaN only if all are NaN."""
    return max((each for each in values if not math.isnan(each)), default=math.nan)


def _least(values: list[float]) -> float:
    """Return the least number; NaN only if all are NaN."""
    return min((each for each in values if not math.isnan(each)), default=math.nan)


_FOLDS: Final[Mapping[str, Callable[[list[float]], float]]] = {
    "sum": sum,
    "avg": _mean,
    "max": _greatest,
    "min": _least,
}
