"""Selectors, compiled: the series that they select, and the samples that they read of these."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import chain
from typing import Final

from victor_monitoring.promql.evaluation.vectors import (
    InstantVector,
    LabelSet,
    Moment,
    VectorNode,
    Window,
    WindowsNode,
    unique,
    unnamed,
)
from victor_monitoring.promql.grammar import NAME
from victor_monitoring.promql.samples import Samples, Series, unmarked
from victor_monitoring.promql.tree import Instant, Vector

_MOST_CACHED: Final = 4_096


def time_of(moment: Moment, offset: int, at: Instant | None) -> int:
    """Return the time that the modifiers `@` and `offset` lead to."""
    if at is None:
        return moment.at - offset
    return (at if isinstance(at, int) else moment.query) - offset


def instant(vector: Vector, *, of_time: bool = False) -> VectorNode:
    """Return the values of a selector, or with `of_time` the seconds of their samples."""
    select, offset, instant = _Selection(vector), vector.offset, vector.at

    def apply(moment: Moment) -> InstantVector:
        at, left_open = time_of(moment, offset, instant), moment.samples.prometheus.left_open
        found: list[tuple[LabelSet, float]] = []
        for labels, series in select(moment.samples):
            value = series.value_at(at, left_open=left_open)
            if value is not None:
                seen = series.times[bisect_right(series.times, at) - 1] / 1000 if of_time else value
                found.append((unnamed(labels) if of_time else labels, seen))
        return unique(found)

    return apply


def ranges(vector: Vector, *, is_named: bool = True) -> WindowsNode:
    """Return the windows of a range selector that have samples; their labels have the name if `is_named`."""
    select = _Selection(vector, is_named=is_named)
    offset, instant, length = vector.offset, vector.at, vector.window or 0

    def apply(moment: Moment) -> Iterator[Window]:
        end, left_open = time_of(moment, offset, instant), moment.samples.prometheus.left_open
        shared: Sequence[int] | None = None
        alike: Sequence[float] | None = None
        for labels, series in select(moment.samples):
            if series.times is not shared:  # all series of one target may have the same times
                shared, alike = series.times, None
                first, last = series.bounds(end - length, end, left_open=left_open)
                inside = list(shared[first:last])
            if series.values is not alike:  # as may be the buckets of a histogram
                alike = series.values
                times, values = unmarked(inside, list(alike[first:last]))
            if times:
                yield Window(labels, times, values, end - length, end, moment)

    return apply


class _Selection:
    """Selects the series of a selector, whose labels are matched once."""

    def __init__(self, vector: Vector, *, is_named: bool = True) -> None:
        self._metric, self._is_named = vector.metric, is_named
        self._names = [each.matches for each in vector.matchers if each.label == NAME]
        self._tests = [(each.label, each.matches) for each in vector.matchers if each.label != NAME]
        self._known: dict[str, dict[int, tuple[Mapping[str, str], LabelSet | None]]] = {}

    def __call__(self, samples: Samples) -> Iterable[tuple[LabelSet, Series]]:
        if self._metric and not self._names:
            return self._of(self._metric, samples)
        names = (self._metric,) if self._metric else samples.names()
        return chain.from_iterable(
            self._of(name, samples) for name in names if all(test(name) for test in self._names)
        )

    def _of(self, name: str, samples: Samples) -> Iterable[tuple[LabelSet, Series]]:
        known = self._known.setdefault(name, {})
        if len(known) > _MOST_CACHED:
            known.clear()
        for series in samples.series(name):
            entry = known.get(id(series.labels))
            if entry is None or entry[0] is not series.labels:
                entry = known[id(series.labels)] = (series.labels, self._matched(name, series.labels))
            if entry[1] is not None:
                yield entry[1], series

    def _matched(self, name: str, labels: Mapping[str, str]) -> LabelSet | None:
        if not all(test(labels.get(label, "")) for label, test in self._tests):
            return None
        named = {**labels, NAME: name} if self._is_named else labels
        return frozenset(pair for pair in named.items() if pair[1])
