"""Histograms read as a single series."""

from __future__ import annotations

from collections.abc import Iterator

from victor_monitoring.checks.check import check
from victor_monitoring.language.resolved.spec import Resolved
from victor_monitoring.language.syntax.finding import Finding


@check("VM204", "whole-histogram")
def whole_histogram(spec: Resolved) -> Iterator[Finding]:
    """Histograms are read by a kind of signal that expects single series.

    A histogram exports series for its buckets, `_count` and `_sum`. No series has the histogram's own name.

    Bad: `rate: {of: request_duration_seconds}`. Good: `rate: {of: request_duration_seconds_count}`.
    """
    for signal in spec.signals.values():
        for reading in signal.kind.readings():
            metric = reading.selector.metric
            if "histogram" not in reading.accepts and metric.type == "histogram":
                path = ("signals", signal.name, signal.kind.NAME, *reading.at)
                message = f"`{signal.kind.NAME}` cannot read `{metric.name}`: it is a {metric.type}"
                yield Finding(path, message, "add `_count` or `_sum`, or ask for a quantile")
