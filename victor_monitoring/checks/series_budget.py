"""Metrics that may cost more series than allowed."""

from __future__ import annotations

import math
from collections.abc import Iterator

from victor_monitoring.checks.check import check
from victor_monitoring.language.resolved.spec import Resolved
from victor_monitoring.language.syntax.finding import Finding
from victor_monitoring.signals.metric import Metric


@check("VM509", "series-budget")
def series_budget(spec: Resolved) -> Iterator[Finding]:
    """The metrics may expose more series on one target than the budget allows.

    Counted at worst: every closed value, every open label at its limit and `other`, every bucket.

    Bad: two labels of 200 values each on a histogram. Good: fewer labels, lower limits.
    """
    if spec.budget is None:
        return
    ours = [declared.metric for declared in spec.declared]
    total = sum(worst_case(metric) for metric in ours)
    if total > spec.budget:
        largest = max(ours, key=worst_case)
        message = f"one target may expose {total} series, more than {spec.budget}"
        hint = f"the largest is `{largest.name}` with {worst_case(largest)}"
        yield Finding(("budget", "series"), message, hint)


def worst_case(metric: Metric) -> int:
    """How many series the metric has on one target at worst."""
    sizes = (
        len(label.values) if label.values is not None else (label.limit or 0) + 1 for label in metric.labels
    )
    return math.prod(sizes) * (len(metric.buckets) + 3 if metric.type == "histogram" else 1)
