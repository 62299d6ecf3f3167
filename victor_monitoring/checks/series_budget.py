"""Metrics that may expose more series than the budget allows."""

from __future__ import annotations

import math
from collections.abc import Iterator

from victor_monitoring.checks.check import check
from victor_monitoring.language.resolved.spec import Resolved
from victor_monitoring.language.syntax.finding import Finding
from victor_monitoring.signals.metric import Metric


@check("VM509", "series-budget")
def series_budget(spec: Resolved) -> Iterator[Finding]:
    """Metrics of one target may expose more series than the budget allows.

    The worst case counts every value of closed labels, open labels at their limit plus `other`, and every
    bucket. An open label without a limit counts as one value.

    Bad: two labels of 200 values each on a histogram. Good: fewer labels, lower limits.
    """
    if spec.budget is None:
        return
    metrics = [declared.metric for declared in spec.declared]
    total = sum(worst_case(metric) for metric in metrics)
    if total > spec.budget:
        largest = max(metrics, key=worst_case)
        message = f"one target may expose {total} series, more than {spec.budget}"
        hint = (
            f"lower a `limit`, or remove labels: `{largest.name}` has {worst_case(largest)} series; "
            f"only if Prometheus has room for them, set `budget: {{series: {total}}}`"
        )
        yield Finding(("budget", "series"), message, hint)


def worst_case(metric: Metric) -> int:
    """Return the largest number of series that the metric can have on one target."""
    sizes = (
        len(label.values) if label.values is not None else (label.limit or 0) + 1 for label in metric.labels
    )
    return math.prod(sizes) * metric.type.series_per_label_set(metric)
