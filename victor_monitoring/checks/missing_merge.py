"""Gauges without a way to merge the values of several processes."""

from __future__ import annotations

from collections.abc import Iterator

from victor_monitoring.checks.check import check
from victor_monitoring.language.resolved.spec import Resolved
from victor_monitoring.language.syntax.finding import Finding


@check("VM506", "missing-merge")
def missing_merge(spec: Resolved) -> Iterator[Finding]:
    """`merge` is missing from a gauge: the values of several worker processes cannot become one.

    Bad: `{type: gauge, help: Entries held.}`. Good: `{type: gauge, merge: livesum, help: Entries held.}`.
    """
    for declared in spec.declared:
        is_own = not spec.components[declared.component].external
        if is_own and "merge" in declared.metric.type.KEYS and declared.metric.merge is None:
            message = f"`{declared.metric.name}` is a {declared.metric.type} without `merge`"
            hint = "add `merge: livesum` where processes add up, `livemax` or `livemin` where they do not"
            yield Finding(declared.path, message, hint, on_key=True)
