"""Quantiles of metrics without buckets."""

from __future__ import annotations

from collections.abc import Iterator

from victor_monitoring.checks.check import check
from victor_monitoring.language.resolved.spec import Resolved
from victor_monitoring.language.syntax.finding import Finding


@check("VM203", "quantile-of-non-histogram")
def quantile_of_non_histogram(spec: Resolved) -> Iterator[Finding]:
    """Quantiles are computed from a metric that is not a histogram.

    Without buckets, the query returns no data and the alert never fires.

    Bad: `quantile: {q: 0.95, of: requests_total}`. Good: `of` a metric of `type: histogram`.
    """
    for signal in spec.signals.values():
        for reading in signal.kind.readings():
            metric = reading.selector.metric
            if "histogram" in reading.accepts and metric.type in ("counter", "gauge"):
                path = ("signals", signal.name, signal.kind.NAME, *reading.at)
                message = f"`{signal.kind.NAME}` cannot read `{metric.name}`: it is a {metric.type}"
                yield Finding(path, message, "declare a histogram, or choose another kind")
