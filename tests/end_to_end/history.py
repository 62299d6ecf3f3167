"""The samples of a Prometheus and its answers, as types of `promql` and `signals`."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterable, Mapping
from typing import TypeAlias

from tests.end_to_end.live import Prometheus
from victor_monitoring.promql.printer import text
from victor_monitoring.promql.samples import SampleSet, Series
from victor_monitoring.promql.tree import Vector
from victor_monitoring.signals.kinds.score import LOSS, Score
from victor_monitoring.signals.signal import Signal

Labels: TypeAlias = frozenset[tuple[str, str]]


def milliseconds(seconds: float) -> int:
    """Return the time of an answer in whole milliseconds, as stored by Prometheus."""
    return round(seconds * 1000)


def raw(prometheus: Prometheus, selector: str, seconds: float, at: float) -> dict[str, list[Series]]:
    """Return the scraped samples of the selected series, by metric name."""
    found: dict[str, list[Series]] = {}
    for each in prometheus.get("query", query=f"{selector}[{seconds:.0f}s]", time=f"{at:.3f}")["result"]:
        times = [milliseconds(time) for time, _ in each["values"]]
        labels = dict(each["metric"])
        name = labels.pop("__name__")
        found.setdefault(name, []).append(
            Series(labels, times, [float(value) for _, value in each["values"]])
        )
    return found


def answers(prometheus: Prometheus, query: str, instants: range) -> dict[int, dict[Labels, float]]:
    """Return the values of a query at each of the instants (milliseconds), by label set without the name."""
    found: dict[int, dict[Labels, float]] = {at: {} for at in instants}
    ends = {"start": instants[0] / 1000, "end": instants[-1] / 1000, "step": instants.step / 1000}
    parameters = {name: f"{seconds:.3f}" for name, seconds in ends.items()}
    for each in prometheus.get("query_range", query=query, **parameters)["result"]:
        labels = frozenset(pair for pair in each["metric"].items() if pair[0] != "__name__")
        for time, value in each["values"]:
            found[milliseconds(time)][labels] = float(value)
    return found


def until(samples: SampleSet, newest: Mapping[str, int]) -> SampleSet:
    """Return the samples up to the newest known one of each instance (milliseconds)."""

    def cut(series: Series) -> Series:
        last = newest.get(series.labels["instance"], 0)
        count = sum(time <= last for time in series.times)
        return Series(series.labels, series.times[:count], series.values[:count])

    by_metric = {name: [cut(each) for each in series] for name, series in samples.by_metric.items()}
    return dataclasses.replace(samples, by_metric=by_metric)


def of_instance(samples: SampleSet, instance: str) -> SampleSet:
    """Return the samples of one target."""
    by_metric = {
        name: [each for each in series if each.labels["instance"] == instance]
        for name, series in samples.by_metric.items()
    }
    return dataclasses.replace(samples, by_metric=by_metric)


def rebuilt(signal: Signal, change: Callable[[Signal], Signal]) -> Signal:
    """Return the signal with the change applied to it and to all signals that it is composed of."""
    kind = signal.kind
    if isinstance(kind, Score):
        parts = (dataclasses.replace(part, signal=rebuilt(part.signal, change)) for part in kind.of)
        kind = Score(tuple(parts))
    return change(dataclasses.replace(signal, kind=kind))


def by_instance(signal: Signal) -> Signal:
    """Return the signal and its components, additionally grouped by instance."""
    return rebuilt(
        signal, lambda each: dataclasses.replace(each, by=tuple(dict.fromkeys((*each.by, "instance"))))
    )


def whole_query(signal: Signal) -> str:
    """Return the PromQL of the signal over its metrics, without recorded series."""
    signal = rebuilt(signal, lambda each: dataclasses.replace(each, recorded=False))
    if not isinstance(signal.kind, Score):
        return text(signal.definition())
    losses = (
        f'label_replace({text(part.loss(signal.labels))}, "part", "{part.signal.name}", "", "")'
        for part in signal.kind.of
    )
    recorded = text(Vector(signal.record_as(LOSS), signal.select.matchers))
    return text(signal.definition()).replace(recorded, " or ".join(losses))


def newest_known(series: Iterable[Series]) -> dict[int, dict[str, int]]:
    """Return the newest sample (milliseconds) of each instance seen by an evaluation, by evaluation time.

    The series record `timestamp(up)` at each evaluation.
    """
    found: dict[int, dict[str, int]] = {}
    for each in series:
        for time, seconds in zip(each.times, each.values, strict=True):
            found.setdefault(time, {})[each.labels["instance"]] = milliseconds(seconds)
    return found
