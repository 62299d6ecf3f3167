"""Summaries: observations with quantiles that the exporter computes itself."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace

from victor_monitoring.signals.metric import (
    LEVEL,
    SUM_AND_COUNT,
    Label,
    Metric,
    MetricType,
    SeriesKey,
    series_key,
)
from victor_monitoring.signals.metric_types.counter import with_sum_and_count

_QUANTILE = "quantile"


class Summary(MetricType):
    """Observations, with their number, their sum and, in some clients, quantiles over a recent time."""

    NAME = "summary"
    ROLES = frozenset({LEVEL, SUM_AND_COUNT})
    INSTEAD = "read one of its quantiles as a value, or its mean"
    SUFFIXES = ("", "_count", "_sum")
    OPTIONAL = frozenset({""})
    TOTALS = frozenset({"_count", "_sum"})
    PRESENT = "_count"
    LABEL = ("", _QUANTILE)
    COUNTS = frozenset({"_count"})

    def series(self, metric: Metric) -> dict[str, Metric]:
        quantiles = replace(metric, labels=(*metric.labels, Label(_QUANTILE, None)))
        return {**with_sum_and_count(metric), metric.name: quantiles}

    def typical(
        self, metric: Metric, labels: Mapping[str, str], level: float, growth: float
    ) -> Iterator[tuple[SeriesKey, float]]:
        own = {label: value for label, value in labels.items() if label != _QUANTILE}
        yield series_key(metric.name, labels), level
        yield series_key(f"{metric.name}_count", own), growth
        yield series_key(f"{metric.name}_sum", own), growth * level
