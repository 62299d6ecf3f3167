"""Alerts without a summary."""

from __future__ import annotations

from collections.abc import Iterator

from victor_monitoring.base.diagnostics import Severity
from victor_monitoring.checks.check import check
from victor_monitoring.language.resolved.spec import Resolved
from victor_monitoring.language.syntax.finding import Finding


@check("VM402", "missing-summary", Severity.WARNING)
def missing_summary(spec: Resolved) -> Iterator[Finding]:
    """No summary is given for an alert.

    A notification then shows only the alert's name.

    Bad: no `summary`. Good: `summary: "Cache hit rate is {value}, below {threshold}"`.
    """
    for alert in spec.alerts:
        if alert.summary_text is None:
            hint = 'say what is wrong: `summary: "... is {value}, beyond {threshold}"`'
            yield Finding(alert.path, f"`{alert.id}` has no summary", hint, on_key=True)
