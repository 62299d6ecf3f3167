"""Every change from one resolved spec to another."""

from __future__ import annotations

from collections.abc import Iterator

from victor_monitoring.changes.alerts import alert_changes, meta_changes
from victor_monitoring.changes.change import Change, Verdict
from victor_monitoring.changes.metrics import component_changes, metric_changes
from victor_monitoring.changes.panels import panel_changes
from victor_monitoring.changes.service import service_changes
from victor_monitoring.changes.signals import signal_changes
from victor_monitoring.resolved.spec import Resolved


def changes(before: Resolved, after: Resolved) -> tuple[Change, ...]:
    """What differs, from what is alerted on down to what is measured; empty where nothing does."""
    return (
        *alert_changes(before, after),
        *meta_changes(before, after),
        *panel_changes(before, after),
        *signal_changes(before, after),
        *component_changes(before, after),
        *metric_changes(before, after),
        *service_changes(before, after),
    )


def changes_everywhere(before: Resolved, after: Resolved) -> Iterator[tuple[Change, str | None]]:
    """What differs in base, without a name, then in each context what is not told of base already.

    Both are base, with their contexts. An override can loosen an alert in one place while base stays.
    """
    of_base = changes(before, after)
    yield from ((each, None) for each in of_base)
    for name, new in after.contexts.items():
        if (old := before.contexts.get(name)) is None:
            yield Change("context", name, "added", ("contexts", name)), None
        else:
            yield from ((each, name) for each in changes(old, new) if each not in of_base)
    for name in before.contexts:
        if name not in after.contexts:
            path = ("contexts", name)
            yield Change("context", name, "removed", path, Verdict.LOOSENED, is_removal=True), None
