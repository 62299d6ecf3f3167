"""Gauges read as counters."""

from __future__ import annotations

from collections.abc import Iterator

from victor_monitoring.checks.check import check
from victor_monitoring.language.resolved.spec import Resolved
from victor_monitoring.language.syntax.finding import Finding


@check("VM202", "rate-of-gauge")
def rate_of_gauge(spec: Resolved) -> Iterator[Finding]:
    """Gauges are read by a kind of signal that expects counters.

    `rate` treats every decrease of a gauge as a counter reset, so its result is meaningless.

    Bad: `rate: {of: queue_depth}`. Good: `value: {of: queue_depth, agg: max}`.
    """
    for signal in spec.signals.values():
        for reading in signal.kind.readings():
            metric = reading.selector.metric
            if "counter" in reading.accepts and "gauge" not in reading.accepts and metric.type == "gauge":
                path = ("signals", signal.name, signal.kind.NAME, *reading.at)
                message = f"`{signal.kind.NAME}` cannot read `{metric.name}`: it is a {metric.type}"
                yield Finding(path, message, "read it as a value")
