"""How dashboards differ, panel by panel."""

from __future__ import annotations

from collections.abc import Iterator

from victor_monitoring.changes.change import Change, differing
from victor_monitoring.resolved.spec import Panel, Resolved
from victor_monitoring.signals.duration import duration_text
from victor_monitoring.spec.tree import Path


def panel_changes(before: Resolved, after: Resolved) -> Iterator[Change]:
    """Panels added, removed or drawn otherwise; a panel is the same while its title is."""
    olds, news = _by_title(before), _by_title(after)
    for title, (row, panel) in news.items():
        if title not in olds:
            yield Change("panel", title, f"added in {row}", panel.path)
            continue
        was_row, was = olds[title]
        pairs: dict[Path, tuple[str, object, object]] = {
            ("row",): ("the row", was_row, row),
            ("type",): ("the type", was.type, panel.type),
            ("signals",): ("what it shows:", _shown(was), _shown(panel)),
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
