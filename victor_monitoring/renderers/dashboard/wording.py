"""What the panels say in words: legends, descriptions and links to runbooks."""

from __future__ import annotations

from collections.abc import Iterator

from victor_monitoring.renderers.dashboard.thresholds import Limits
from victor_monitoring.renderers.dashboard.variables import open_scope
from victor_monitoring.resolved.spec import Alert, Panel
from victor_monitoring.signals.duration import duration_text
from victor_monitoring.signals.signal import Signal


def legend(signal: Signal, *, is_alone: bool) -> str:
    """The name of each series: its `by` labels and open scope labels, the title where these do not tell."""
    title = () if is_alone and signal.by else (signal.title,)
    labels = (f"{{{{{label}}}}}" for label in (*signal.by, *open_scope(signal)))
    return " / ".join((*title, *labels))


def description(panel: Panel, limits: Limits) -> str:
    """What is drawn, signal by signal, and the alerts on it, as Markdown."""
    is_alone = len(panel.signals) == 1
    return "\n\n".join(_paragraph(signal, limits, is_alone=is_alone) for signal in panel.signals)


def _paragraph(signal: Signal, limits: Limits, *, is_alone: bool) -> str:
    words = signal.kind.words(signal)
    first = f"{words[:1].upper()}{words[1:]}." if is_alone else f"{signal.title}: {words}."
    alerts = [f"- {_alert(alert)}" for alert in limits.alerts(signal)]
    return "\n".join([first, *([""] if alerts else []), *alerts])


def _alert(alert: Alert) -> str:
    guard = f" while {alert.guard.signal.title} {alert.guard.condition.text}" if alert.guard else ""
    lasting = f" for {duration_text(alert.pending)}" if alert.pending else ""
    return f"{alert.name} ({alert.severity}): {alert.condition.text}{guard}{lasting}"


def runbooks(panel: Panel, limits: Limits, base: str | None) -> Iterator[tuple[str, str]]:
    """The name and the runbook's address of each alert on the panel's signals."""
    if base is not None:
        for signal in panel.signals:
            yield from ((alert.name, f"{base}/{alert.name}") for alert in limits.alerts(signal))
