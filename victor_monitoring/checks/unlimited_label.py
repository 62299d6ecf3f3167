"""Open labels without a limit."""

from __future__ import annotations

from collections.abc import Iterator

from victor_monitoring.checks.check import check
from victor_monitoring.language.resolved.spec import Resolved
from victor_monitoring.language.syntax.finding import Finding


@check("VM503", "unlimited-label")
def unlimited_label(spec: Resolved) -> Iterator[Finding]:
    """No limit is set for an open label.

    Each new value adds new series: an unbounded value, such as an id, can fill a Prometheus. Labels of
    external components need no limit, as their values are not ours to limit.

    Bad: `labels: {tool: {open: true}}`. Good: `labels: {tool: {open: true, limit: 200}}`.
    """
    for declared in spec.declared:
        if spec.components[declared.component].external:
            continue
        for label in declared.metric.labels:
            if label.values is None and label.limit is None:
                path = (*declared.path, "labels", label.name)
                yield Finding(path, f"the open label `{label.name}` has no limit", "add `limit: 200`")
