"""Counters read without a rate."""

from __future__ import annotations

from collections.abc import Iterator

from victor_monitoring.checks.check import check
from victor_monitoring.language.resolved.spec import Resolved
from victor_monitoring.language.syntax.finding import Finding


@check("VM201", "counter-without-rate")
def counter_without_rate(spec: Resolved) -> Iterator[Finding]:
    """Counters are read by a kind of signal that expects gauges.

    A counter only grows, from an arbitrary start: its value shows how long the process has been running.

    Bad: `value: {of: requests_total}`. Good: `rate: {of: requests_total}`.
    """
    for signal in spec.signals.values():
        for reading in signal.kind.readings():
            metric = reading.selector.metric
            if "gauge" in reading.accepts and "counter" not in reading.accepts and metric.type == "counter":
                path = ("signals", signal.name, signal.kind.NAME, *reading.at)
                message = f"`{signal.kind.NAME}` cannot read `{metric.name}`: it is a {metric.type}"
                yield Finding(path, message, "read it as a rate or a ratio")
