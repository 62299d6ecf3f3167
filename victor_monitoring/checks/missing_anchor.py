"""Components whose silence nobody notices."""

from __future__ import annotations

from collections.abc import Iterator

from victor_monitoring.base.diagnostics import Severity
from victor_monitoring.checks.check import check
from victor_monitoring.language.resolved.spec import Resolved
from victor_monitoring.language.syntax.finding import Finding


@check("VM505", "missing-anchor", Severity.WARNING)
def missing_anchor(spec: Resolved) -> Iterator[Finding]:
    """A component has no anchor: no metric that every target is sure to export.

    MetricMissing watches the anchor. Without one, a component that stops exporting is never noticed.

    Bad: only metrics with open labels. Good: one metric without labels, or `anchor: NAME`.
    """
    if spec.meta is None:
        return
    told = {path[:2] for path in (*spec.broken, *(use.path for use in spec.unknown))}
    for component in spec.components.values():
        if component.anchor is None and component.metrics and component.path not in told:
            message = f"`{component.name}` has no metric by which its absence can be noticed"
            hint = "add a metric without labels, or `anchor: null` with an `ack` that says why there is none"
            yield Finding(component.path, message, hint, on_key=True)
