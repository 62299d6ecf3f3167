"""Metrics read by a kind of signal that cannot read their type."""

from __future__ import annotations

from collections.abc import Iterator

from victor_monitoring.checks.check import check
from victor_monitoring.language.resolved.spec import Resolved
from victor_monitoring.language.syntax.finding import Finding


@check("VM201", "unreadable-metric")
def unreadable_metric(spec: Resolved) -> Iterator[Finding]:
    """Metrics are read by a kind of signal that expects another type.

    A counter only grows, from an arbitrary start: its value shows how long the process has been running. The
    rate of a gauge takes every decrease for a reset. A quantile needs buckets, which only a histogram has. No
    series has the histogram's own name: they are its buckets, `_count` and `_sum`.

    Bad: `value: {of: requests_total}`. Good: `rate: {of: requests_total}`.
    """
    for signal in spec.signals.values():
        for index, reading in enumerate(signal.kind.readings()):
            metric = reading.selector.metric
            if reading.role is None:
                path = ("signals", signal.name, signal.kind.NAME, *reading.at)
                message = f"`{signal.kind.NAME}` cannot read `{metric.name}`: it is a {metric.type}"
                wanted = " or ".join(sorted(role.name for role in reading.roles))
                hint = f"name a metric that is {wanted}" if index else metric.type.INSTEAD
                yield Finding(path, message, hint)
