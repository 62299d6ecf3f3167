"""Alerts with the same id, the same name and labels, or the same condition."""

from __future__ import annotations

from collections.abc import Iterator

from victor_monitoring.checks.check import check
from victor_monitoring.language.resolved.meta import META_ALERTS
from victor_monitoring.language.resolved.spec import Resolved
from victor_monitoring.language.syntax.finding import Finding


@check("VM401", "duplicate-alert")
def duplicate_alert(spec: Resolved) -> Iterator[Finding]:
    """Two alerts have the same key, the same `name` and labels, or the same expression and severity.

    Overrides and runbooks refer to an alert by its key. For Alertmanager, alerts with one name and equal
    labels are the same alert. Two equal alerts notify twice.

    Bad: `HighLatency` in two groups. Good: a key for each, and `name: HighLatency` with a severity for each.
    """
    groups: dict[str, str] = {}
    labelled: dict[object, str] = {}
    meanings: dict[object, str] = {}
    for alert in spec.alerts:
        for name in {alert.id, alert.name} & {*META_ALERTS} if spec.meta else ():
            message = f"`{name}` is an alert of `meta` too"
            yield Finding(alert.path, message, "give it another name", on_key=True)
        group = groups.setdefault(alert.id, alert.group)
        if group != alert.group:
            message = f"`{alert.id}` is in the group `{group}` too"
            hint = f"give it another key; `name: {alert.name}` fits only with another severity or label"
            yield Finding(alert.path, message, hint, on_key=True)
            continue
        other = meanings.setdefault((alert.expr, alert.severity), alert.id)
        if other != alert.id:
            message = f"`{alert.id}` is the same as `{other}`"
            yield Finding(alert.path, message, "remove one of them", on_key=True)
            continue
        labels = (alert.name, frozenset(alert.labels), frozenset(alert.signal.labels))
        if (other := labelled.setdefault(labels, alert.id)) != alert.id:
            message = (
                f"`{alert.id}` has the name and labels of `{other}`: for Alertmanager they are one alert"
            )
            yield Finding(alert.path, message, "give one of them another name or label", on_key=True)
