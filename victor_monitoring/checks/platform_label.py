"""Metric labels that the platform sets."""

from __future__ import annotations

from collections.abc import Iterator

from victor_monitoring.checks.check import check
from victor_monitoring.language.resolved.metrics import target_labels
from victor_monitoring.language.resolved.spec import Resolved
from victor_monitoring.language.syntax.finding import Finding

_OF_TYPES = ("le", "quantile")  # added by histograms and summaries


@check("VM501", "platform-label")
def platform_label(spec: Resolved) -> Iterator[Finding]:
    """Labels of a metric include one that Prometheus or the platform sets on every series.

    Prometheus renames the metric's label to `exported_...`, and selectors match the platform's label instead.
    A recorded metric declares such labels, since it has no others, and so do metrics of a component with
    `honor_labels`.

    Bad: `labels: {namespace: [query, context]}`. Good: `labels: {cache: [query, context]}`.
    """
    taken = {*_OF_TYPES, *target_labels(spec)}
    exposed = (
        each
        for each in spec.declared
        if not (each.metric.recorded or spec.components[each.component].honor_labels)
    )
    for declared in exposed:
        for label in declared.metric.labels:
            if label.name in taken or label.name.startswith("__"):
                path = (*declared.path, "labels", label.name)
                message = f"`{label.name}` is a label that the platform sets on every series"
                yield Finding(path, message, "give it a name of its own", on_key=True)
