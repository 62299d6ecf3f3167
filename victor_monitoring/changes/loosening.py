"""Alerts that one resolved spec makes less strict than another."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from victor_monitoring.resolved.spec import Alert, Resolved
from victor_monitoring.signals.duration import duration_text
from victor_monitoring.spec.tree import Path


@dataclass(frozen=True, slots=True)
class Loosening:
    """One way in which an alert comes later or tells less than before."""

    path: Path
    message: str
    has_reason: bool


def loosened(before: Resolved, after: Resolved) -> Iterator[Loosening]:
    """Every loosening of an alert that is in both; durations are compared at the time scale of `before`."""
    scale = before.evaluate / after.evaluate
    old = {alert.name: alert for alert in before.alerts}
    for alert in after.alerts:
        if alert.name in old:
            for key, message in _loosenings(old[alert.name], alert, after.severities, scale):
                yield Loosening((*alert.path, key), f"`{alert.name}`: {message}", alert.reason is not None)


def _loosenings(
    old: Alert, new: Alert, severities: tuple[str, ...], scale: float
) -> Iterator[tuple[str, str]]:
    if old.condition.high_is_bad != new.condition.high_is_bad:
        yield "when", f"`{old.condition.text}` becomes `{new.condition.text}`, the other direction"
    else:
        further = new.condition.threshold.value - old.condition.threshold.value
        if further and (further > 0) == old.condition.high_is_bad:
            yield "when", f"`{old.condition.text}` becomes `{new.condition.text}`: loosened"
    if new.pending * scale > old.pending:
        was, now = duration_text(old.pending), duration_text(round(new.pending * scale))
        yield "for", f"a wait of {was} becomes {now}: loosened"
    known = [severity in severities for severity in (old.severity, new.severity)]
    if all(known) and severities.index(new.severity) < severities.index(old.severity):
        yield "severity", f"{old.severity} becomes {new.severity}: loosened"
    if new.guard is not None and old.guard is None:
        yield "only_if", "a guard is added: loosened"
