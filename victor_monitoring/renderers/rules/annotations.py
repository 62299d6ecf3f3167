"""Annotations of alerting rules, in Prometheus' template language."""

from __future__ import annotations

from victor_monitoring.language.resolved.spec import Alert, Resolved
from victor_monitoring.signals.template import Placeholder, Template


def alert_annotations(spec: Resolved, alert: Alert) -> dict[str, str]:
    """Return the annotations of an alert: summary, description, actions and the runbook's address."""
    found: dict[str, str] = {}
    if alert.summary:
        found["summary"] = annotation(alert.summary, alert)
    if alert.description:
        found["description"] = annotation(alert.description, alert)
    if alert.actions:
        found["actions"] = "\n".join(f"- {annotation(action, alert)}" for action in alert.actions)
    return {**found, **runbook(spec, alert.name)}


def runbook(spec: Resolved, alert: str) -> dict[str, str]:
    """Return the annotation with the runbook's address; empty where the spec has no `runbooks` address."""
    address = spec.service.runbook(alert)
    return {} if address is None else {"runbook_url": address}


def annotation(template: Template, alert: Alert) -> str:
    """Return the text with its placeholders in the template language of Prometheus."""
    return "".join(
        _placeholder(piece, alert) if isinstance(piece, Placeholder) else piece for piece in template.pieces
    )


def _placeholder(placeholder: Placeholder, alert: Alert) -> str:
    match placeholder.name:
        case "value":
            return alert.signal.unit.format.template()
        case "threshold":
            return alert.condition.threshold.text
        case label:
            return f"{{{{ $labels.{label} }}}}"
