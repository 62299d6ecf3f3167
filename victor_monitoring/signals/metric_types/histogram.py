"""Histograms: observations counted by upper bounds."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping

from victor_monitoring.signals.metric import (
    BUCKETS,
    SUM_AND_COUNT,
    Metric,
    MetricType,
    Population,
    SeriesKey,
    series_key,
)
from victor_monitoring.signals.metric_types.counter import with_sum_and_count


class Histogram(MetricType):
    """Observations, with the number of those up to each bound, their total number and their sum."""

    NAME = "histogram"
    ROLES = frozenset({BUCKETS, SUM_AND_COUNT})
    INSTEAD = "ask for a quantile or a mean, or for the rate of its `_count` or `_sum`"
    SUFFIXES = ("_bucket", "_count", "_sum")
    TOTALS = frozenset(SUFFIXES)
    PRESENT = "_count"
    LABEL = ("_bucket", "le")
    COUNTS = frozenset({"_bucket", "_count"})
    KEYS = frozenset({"buckets"})
    CLIENT = "Histogram"
    STARTS_AT_ZERO = True

    def series(self, metric: Metric) -> dict[str, Metric]:
        return with_sum_and_count(metric)

    def series_per_label_set(self, metric: Metric) -> int:
        return len(metric.bounds) + 3  # the bucket of +Inf, the count and the sum

    def typical(
        self, metric: Metric, labels: Mapping[str, str], level: float, growth: float
    ) -> Iterator[tuple[SeriesKey, float]]:
        """Yield the series of observations around the middle bucket, whatever the level."""
        bounds = [float(bound) for bound in metric.bounds]
        middle = len(bounds) // 2
        for place, bound in enumerate((*bounds, math.inf), start=1):
            share = min(1.0, (place / (middle + 2)) ** 2)
            le = "+Inf" if place > len(bounds) else repr(bound)
            yield series_key(f"{metric.name}_bucket", {**labels, "le": le}), growth * share
        yield series_key(f"{metric.name}_count", labels), growth
        yield series_key(f"{metric.name}_sum", labels), growth * bounds[middle] / 2

    def independent(self, series: Population) -> Population:
        """Return buckets without the ones below them, and the sums; the counts follow from the buckets."""
        found: dict[SeriesKey, float] = {}
        below: dict[object, float] = {}
        for key in sorted(series, key=_bound):
            own = tuple(pair for pair in key[1] if pair[0] != "le")
            if key[0].endswith("_bucket"):
                found[key] = max(0.0, series[key] - below.get(own, 0.0))
                below[own] = series[key]
            elif key[0].endswith("_sum"):
                found[key] = series[key]
        return found

    def exposed(self, metric: Metric, series: Population) -> Iterator[tuple[SeriesKey, float]]:
        buckets: dict[tuple[tuple[str, str], ...], list[SeriesKey]] = {}
        for key in sorted(series, key=_bound):
            if key[0].endswith("_bucket"):
                buckets.setdefault(tuple(pair for pair in key[1] if pair[0] != "le"), []).append(key)
        for own, keys in buckets.items():
            total = 0
            for key in keys:
                total += math.floor(series[key])
                yield key, total
            yield (f"{metric.name}_count", own), total
            yield (f"{metric.name}_sum", own), series[f"{metric.name}_sum", own]


def _bound(key: SeriesKey) -> float:
    return float(dict(key[1]).get("le", 0))
