"""Alerts with the same name or condition."""

from __future__ import annotations

from collections.abc import Iterator

from victor_monitoring.checks.check import check
from victor_monitoring.language.resolved.meta import META_ALERTS
from victor_monitoring.language.resolved.spec import Resolved
from victor_monitoring.language.syntax.finding import Finding


@check("VM401", "duplicate-alert")
def duplicate_alert(spec: Resolved) -> Iterator[Finding]:
    """Two alerts have the same name, or the same expression and severity.

    Overrides, silences and runbooks refer to an alert by its name; two equal alerts notify twice.

    Bad: `HighLatency` in two groups. Good: a name for each.
    """
    names: dict[str, str] = {}
    meanings: dict[object, str] = {}
    for alert in spec.alerts:
        if spec.meta and alert.name in META_ALERTS:
            message = f"`{alert.name}` is an alert of `meta` too"
            yield Finding(alert.path, message, "give it another name", on_key=True)
        group = names.setdefault(alert.name, alert.group)
        if group != alert.group:
            message = f"`{alert.name}` is in the group `{group}` too"
            yield Finding(alert.path, message, "give it another name", on_key=True)
        other = meanings.setdefault((alert.expr, alert.severity), alert.name)
        if other != alert.name:
            message = f"`{alert.name}` is the same as `{other}`"
            yield Finding(alert.path, message, "remove one of them", on_key=True)
