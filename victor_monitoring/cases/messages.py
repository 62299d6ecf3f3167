"""What an alert must say when it fires: labels and annotations, made from the spec alone."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final

from victor_monitoring.cases.case import Firing
from victor_monitoring.cases.humanize import humanize, humanize1024, humanize_duration, humanize_percentage
from victor_monitoring.model.template import Placeholder, Template
from victor_monitoring.resolved.spec import Alert, Resolved
from victor_monitoring.signals.quantity import Unit

# Apart from the renderer's own table, so that a mistake in one of them shows.
_WRITTEN: Final[Mapping[Unit, Callable[[float], str]]] = {
    "ratio": humanize_percentage,
    "seconds": humanize_duration,
    "bytes": lambda value: f"{humanize1024(value)}B",
    "count": humanize,
    "per_second": lambda value: f"{humanize(value)}/s",
    "bytes_per_second": lambda value: f"{humanize1024(value)}B/s",
    "score": humanize,
}


def firing(spec: Resolved, alert: Alert, series: Mapping[str, str], value: float) -> Firing:
    """What fires where the alert's expression has a series with these labels and that value."""
    told = {
        "summary": alert.summary and _told(alert.summary, alert, series, value),
        "description": alert.description and _told(alert.description, alert, series, value),
        "actions": "\n".join(f"- {_told(action, alert, series, value)}" for action in alert.actions),
    }
    annotations = {name: text for name, text in told.items() if text}
    if spec.service.runbooks:
        annotations["runbook_url"] = f"{spec.service.runbooks}/{alert.name}"
    return Firing({**series, **dict(alert.labels)}, annotations)


def _told(template: Template, alert: Alert, series: Mapping[str, str], value: float) -> str:
    return "".join(
        _filled(piece, alert, series, value) if isinstance(piece, Placeholder) else piece
        for piece in template.pieces
    )


def _filled(placeholder: Placeholder, alert: Alert, series: Mapping[str, str], value: float) -> str:
    match placeholder.name:
        case "value":
            return _WRITTEN[alert.signal.unit](value)
        case "threshold":
            return alert.condition.threshold.text
        case label:
            return series.get(label, "")
