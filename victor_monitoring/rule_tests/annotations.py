"""Expected annotations of alerts."""

from __future__ import annotations

from collections.abc import Mapping

from victor_monitoring.language.resolved.spec import Alert
from victor_monitoring.rule_tests.case import Firing
from victor_monitoring.signals.template import Template


def firing(alert: Alert, series: Mapping[str, str], value: float) -> Firing:
    """Return the firing alert for a series of the alert's expression with these labels and this value."""
    texts = {
        "summary": alert.summary and _expanded(alert.summary, alert, series, value),
        "description": alert.description and _expanded(alert.description, alert, series, value),
        "actions": "\n".join(f"- {_expanded(action, alert, series, value)}" for action in alert.actions),
    }
    annotations = {name: text for name, text in texts.items() if text}
    if alert.runbook:
        annotations["runbook_url"] = alert.runbook
    return Firing({**series, **dict(alert.labels)}, annotations)


def _expanded(template: Template, alert: Alert, series: Mapping[str, str], value: float) -> str:
    return template.filled(lambda name: _filled(name, alert, series, value))


def _filled(name: str, alert: Alert, series: Mapping[str, str], value: float) -> str:
    match name:
        case "value":
            return alert.signal.unit.format.text(value)
        case "threshold":
            return alert.condition.threshold.text
        case label:
            return series.get(label, "")
