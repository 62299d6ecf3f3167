"""Components whose absence no alert detects."""

from __future__ import annotations

from collections.abc import Iterator

from victor_monitoring.base.diagnostics import Severity
from victor_monitoring.checks.check import check
from victor_monitoring.language.resolved.spec import Resolved
from victor_monitoring.language.syntax.finding import Finding


@check("VM505", "missing-anchor", Severity.WARNING)
def missing_anchor(spec: Resolved) -> Iterator[Finding]:
    """No metric of a component can be its anchor: the metric that every target is sure to export.

    `MetricMissing` watches the anchor. Without an anchor, no alert fires when the component stops exporting.

    Bad: only metrics with open labels. Good: one metric without labels, or `anchor: NAME`.
    """
    if spec.meta is None:
        return
    unknown = (use.path for use in spec.as_written.unknown)
    reported = {path[:2] for path in (*spec.as_written.broken, *unknown)}
    for component in spec.components.values():
        if component.anchor is None and component.metrics and component.path not in reported:
            message = f"`{component.name}` has no metric that can be its anchor"
            edit = "leave `anchor` out" if "anchor" in component.written else "add a metric without labels"
            hint = (
                f"{edit}, or name one that every target exports: `anchor: NAME`; only if there is none, "
                "add an `ack` with the reason: no alert fires then when the component stops exporting"
            )
            yield Finding(component.path, message, hint, on_key=True)
