"""Expected annotations of alerts, with numbers as Prometheus' template functions format them.

The formats follow `template/template.go` of Prometheus: four significant digits, prefixes by powers of 1000
or 1024.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from typing import Final

from victor_monitoring.language.model.template import Placeholder, Template
from victor_monitoring.language.resolved.spec import Alert, Resolved
from victor_monitoring.rule_tests.case import Firing
from victor_monitoring.signals.quantity import Unit

_LARGE: Final = ("k", "M", "G", "T", "P", "E", "Z", "Y")
_SMALL: Final = ("m", "u", "n", "p", "f", "a", "z", "y")
_BINARY: Final = ("ki", "Mi", "Gi", "Ti", "Pi", "Ei", "Zi", "Yi")


def humanize(value: float) -> str:
    """Return the number with a metric prefix: `1.5k`, `20m`."""
    if value == 0 or not math.isfinite(value):
        return general(value)
    return _reduced(value, 1000, _LARGE) if abs(value) >= 1 else _enlarged(value)


def humanize1024(value: float) -> str:
    """Return the number with a binary prefix: `1.5Gi`."""
    if abs(value) <= 1 or not math.isfinite(value):
        return general(value)
    return _reduced(value, 1024, _BINARY)


def humanize_percentage(value: float) -> str:
    """Return the ratio as a percentage: `40.4%`."""
    return f"{general(value * 100)}%"


def humanize_duration(value: float) -> str:
    """Return the seconds in readable units: `1h 3m 2s`, `12ms`."""
    if not math.isfinite(value):
        return general(value)
    if value == 0 or abs(value) < 1:
        return f"{_enlarged(value) if value else general(value)}s"
    sign, whole = ("-" if value < 0 else ""), int(abs(value))
    days, hours, minutes, seconds = whole // 86400, whole // 3600 % 24, whole // 60 % 60, whole % 60
    if days:
        return f"{sign}{days}d {hours}h {minutes}m {seconds}s"
    if hours:
        return f"{sign}{hours}h {minutes}m {seconds}s"
    if minutes:
        return f"{sign}{minutes}m {seconds}s"
    return f"{sign}{general(abs(value))}s"


def general(value: float) -> str:
    """Return the number as Go's `%.4g` formats it."""
    if math.isnan(value):
        return "NaN"
    if math.isinf(value):
        return "+Inf" if value > 0 else "-Inf"
    return f"{value:.4g}"


def _reduced(value: float, base: int, prefixes: tuple[str, ...]) -> str:
    prefix = ""
    for each in prefixes:
        if abs(value) < base:
            break
        prefix, value = each, value / base
    return general(value) + prefix


def _enlarged(value: float) -> str:
    prefix = ""
    for each in _SMALL:
        if abs(value) >= 1:
            break
        prefix, value = each, value * 1000
    return general(value) + prefix


# Independent of the renderer's table on purpose, so that a mistake in either makes a case fail.
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
    """Return the firing alert for a series of the alert's expression with these labels and this value."""
    texts = {
        "summary": alert.summary and _expanded(alert.summary, alert, series, value),
        "description": alert.description and _expanded(alert.description, alert, series, value),
        "actions": "\n".join(f"- {_expanded(action, alert, series, value)}" for action in alert.actions),
    }
    annotations = {name: text for name, text in texts.items() if text}
    if spec.service.runbooks:
        annotations["runbook_url"] = f"{spec.service.runbooks}/{alert.name}"
    return Firing({**series, **dict(alert.labels)}, annotations)


def _expanded(template: Template, alert: Alert, series: Mapping[str, str], value: float) -> str:
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
