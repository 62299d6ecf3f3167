"""The series of each component, out of the families that the client collects."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Final

from prometheus_client import Metric

from victor_monitoring.runtime.registry_module import DescribedMetric, RegistryModule
from victor_monitoring.runtime.snapshot import Distribution, Point

Series = Mapping[str, tuple[Point | Distribution, ...]]

_COUNTER_SUFFIX: Final = "_total"
_HISTOGRAM_SUFFIXES: Final = ("_bucket", "_count", "_sum")


def sample_names(metric: DescribedMetric) -> tuple[str, ...]:
    """The names of the samples that a metric consists of."""
    if metric.type == "histogram":
        return tuple(metric.name + suffix for suffix in _HISTOGRAM_SUFFIXES)
    return (metric.name,)


def family_name(metric: DescribedMetric) -> str:
    """The name that the client gives the metric's family."""
    return metric.name.removesuffix(_COUNTER_SUFFIX) if metric.type == "counter" else metric.name


def series_by_component(module: RegistryModule, families: Iterable[Metric]) -> Mapping[str, Series]:
    """For every component, the series of each metric that has any here, by the metric's attribute."""
    known = {family.name: family for family in families}
    found: dict[str, dict[str, tuple[Point | Distribution, ...]]] = {
        component: {} for component in module.endpoint_of
    }
    for metric in module.metrics.values():
        if (family := known.get(family_name(metric))) is not None:
            series = _distributions if metric.type == "histogram" else _points
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
        elif kind in _HISTOGRAM_SUFFIXES:
            numbers.setdefault(key, {})[kind] = sample.value
    for key, bounds in buckets.items():
        labels = dict(zip(metric.labels, key, strict=True))
        yield Distribution(labels, numbers[key]["_count"], numbers[key]["_sum"], bounds)
