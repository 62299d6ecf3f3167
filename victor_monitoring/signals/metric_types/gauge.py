"""Gauges: values that rise and fall."""

from __future__ import annotations

from victor_monitoring.signals.metric import LEVEL, MetricType


class Gauge(MetricType):
    """A current value; it has no series before the value is known, since a 0 would be a claim."""

    NAME = "gauge"
    ROLES = frozenset({LEVEL})
    INSTEAD = "read it as a value"
    KEYS = frozenset({"merge"})
    CLIENT = "Gauge"
