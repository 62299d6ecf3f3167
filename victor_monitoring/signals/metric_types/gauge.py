"""Gauges: values that rise and fall."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from victor_monitoring.signals.metric import LEVEL, Metric, MetricType, SeriesKey, series_key


class Gauge(MetricType):
    """A current value; it has no series before the value is known, since a 0 would be a claim."""

    NAME = "gauge"
    ROLES = frozenset({LEVEL})
    INSTEAD = "read it as a value"
    KEYS = frozenset({"merge"})
    CLIENT = "Gauge"

    def typical(
        self, metric: Metric, labels: Mapping[str, str], level: float, growth: float
    ) -> Iterator[tuple[SeriesKey, float]]:
        yield series_key(metric.name, labels), level
