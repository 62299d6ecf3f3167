"""All changes from one resolved spec to another."""

from __future__ import annotations

from collections.abc import Iterator

from victor_monitoring.changes.alerts import alert_changes, meta_changes
from victor_monitoring.changes.change import Change, Effect, differing
from victor_monitoring.changes.metrics import component_changes, metric_changes
from victor_monitoring.changes.service import service_changes
from victor_monitoring.changes.signals import signal_changes
from victor_monitoring.language.resolved.spec import Panel, Resolved
from victor_monitoring.language.syntax.tree import Path
from victor_monitoring.promql.duration import duration_text


def changes(before: Resolved, after: Resolved) -> tuple[Change, ...]:
    """Return all changes: alerts first, then panels, signals, components, metrics and the service."""
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
    """Yield the changes of base, with None, then the further changes of each context, with its name.

    `before` and `after` are bases with their contexts. An override can loosen an alert in one context while
    base is unchanged.
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
            yield Change("context", name, "removed", path, Effect.LOOSENED, is_removal=True), None


def panel_changes(before: Resolved, after: Resolved) -> Iterator[Change]:
    """Yield the panels that were added, removed or changed; a panel is identified by its title."""
    olds, news = _by_title(before), _by_title(after)
    for title, (row, panel) in news.items():
        if title not in olds:
            yield Change("panel", title, f"added in {row}", panel.path)
            continue
        was_row, was = olds[title]
        pairs: dict[Path, tuple[str, object, object]] = {
            ("row",): ("the row", was_row, row),
            ("type",): ("the type", was.type, panel.type),
            ("signals",): ("its signals:", _shown(was), _shown(panel)),
            ("top",): ("the top", was.top, panel.top),
        }
        for _, meaning in differing(pairs):
            yield Change("panel", title, meaning, panel.path)
    for title, (row, panel) in olds.items():
        if title not in news:
            yield Change("panel", title, f"removed from {row}", panel.path, is_removal=True)
    if before.dashboard and after.dashboard and before.dashboard.refresh != after.dashboard.refresh:
        old, new = (duration_text(each.dashboard.refresh) for each in (before, after) if each.dashboard)
        yield Change("dashboard", "refresh", f"`{old}` becomes `{new}`", ("dashboard", "refresh"))


def _by_title(spec: Resolved) -> dict[str, tuple[str, Panel]]:
    rows = spec.dashboard.rows if spec.dashboard else ()
    return {panel.title: (row.title, panel) for row in rows for panel in row.panels}


def _shown(panel: Panel) -> str:
    return ", ".join(signal.name for signal in panel.signals)
