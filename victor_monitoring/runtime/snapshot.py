"""Snapshots: the metrics of a process at one time, as plain data."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from prometheus_client import Metric

from victor_monitoring.runtime.registry_module import DescribedMetric, RegistryModule


@dataclass(frozen=True, slots=True)
class Point:
    """One series of a counter or a gauge; the value in base units."""

    labels: Mapping[str, str]
    value: float


@dataclass(frozen=True, slots=True)
class Distribution:
    """One series of a histogram: the number of observations, their sum, and the numbers up to each bound."""

    labels: Mapping[str, str]
    count: float
    sum: float
    buckets: Mapping[str, float]  # cumulative, by `le` as exposed; `+Inf` is last


@dataclass(frozen=True, slots=True)
class Section:
    """One component: its series by the attribute of each metric in the component's class.

    A metric without series is left out.

    `fault` is None, or the reason why the component could not be read: `failed` (it raised), `timed out` or
    `nonsense` (it returned an impossible value). Gauges that the failed read sets are then left out; counters
    are present with their last values.
    """

    component: str
    endpoint: str
    fault: str | None
    metrics: Mapping[str, tuple[Point | Distribution, ...]]


@dataclass(frozen=True, slots=True)
class Snapshot:
    """The metrics of one process of a service; `time` is seconds since 1970, `sections` are by component."""

    service: str
    instance: str
    pid: int
    time: float
    sections: Mapping[str, Section]


Series = Mapping[str, tuple[Point | Distribution, ...]]


def sample_names(metric: DescribedMetric) -> tuple[str, ...]:
    """Return the names of the samples of a metric."""
    return tuple(metric.name + suffix for suffix in metric.type.SUFFIXES)


def series_by_component(module: RegistryModule, families: Iterable[Metric]) -> Mapping[str, Series]:
    """Return the series of the families by component and by the attribute of the metric."""
    known = {family.name: family for family in families}
    found: dict[str, dict[str, tuple[Point | Distribution, ...]]] = {
        component: {} for component in module.endpoint_of
    }
    for metric in module.metrics.values():
        if (family := known.get(metric.type.family(metric.name))) is not None:
            series = _distributions if metric.type.PRESENT else _points
            found[metric.component][metric.attribute] = tuple(series(metric, family))
    return found


def _points(metric: DescribedMetric, family: Metric) -> Iterable[Point]:
    return (Point(each.labels, each.value) for each in family.samples if each.name == metric.name)


def _distributions(metric: DescribedMetric, family: Metric) -> Iterable[Distribution]:
    buckets: dict[tuple[str, ...], dict[str, float]] = {}
    numbers: dict[tuple[str, ...], dict[str, float]] = {}
    for sample in family.samples:
        key = tuple(sample.labels[label] for label in metric.labels)
        kind = sample.name.removeprefix(metric.name)
        if kind == "_bucket":
            buckets.setdefault(key, {})[sample.labels["le"]] = sample.value
        elif kind in metric.type.SUFFIXES:
            numbers.setdefault(key, {})[kind] = sample.value
    for key, bounds in buckets.items():
        labels = dict(zip(metric.labels, key, strict=True))
        yield Distribution(labels, numbers[key]["_count"], numbers[key]["_sum"], bounds)
