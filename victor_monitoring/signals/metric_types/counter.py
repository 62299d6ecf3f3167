"""Counters: totals that only grow."""

from __future__ import annotations

from dataclasses import replace

from victor_monitoring.signals.metric import TOTAL, Metric, MetricType
from victor_monitoring.signals.units import COUNT


class Counter(MetricType):
    """A total since the start of the process."""

    NAME = "counter"
    ROLES = frozenset({TOTAL})
    INSTEAD = "read it as a rate or a ratio"
    TOTALS = frozenset({""})
    ENDING = "_total"
    CLIENT = "Counter"
    STARTS_AT_ZERO = True


def with_sum_and_count(metric: Metric) -> dict[str, Metric]:
    """Return a metric of observations, and the counters `_count` and `_sum` that are a part of it."""
    counter = replace(metric, type=Counter(), buckets=())
    return {
        metric.name: metric,
        f"{metric.name}_count": replace(counter, name=f"{metric.name}_count", unit=COUNT),
        f"{metric.name}_sum": replace(counter, name=f"{metric.name}_sum"),
    }
