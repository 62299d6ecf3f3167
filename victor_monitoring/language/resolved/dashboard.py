"""The dashboard, resolved."""

from __future__ import annotations

from collections.abc import Mapping

from victor_monitoring.language.model import spec as written
from victor_monitoring.language.resolved.spec import Dashboard, Panel, Row, UnknownName
from victor_monitoring.language.syntax.tree import Path
from victor_monitoring.signals.signal import Signal


def resolve_dashboard(
    dashboard: written.Dashboard, known: Mapping[str, object], signals: Mapping[str, Signal]
) -> tuple[Dashboard, list[UnknownName]]:
    """Return the dashboard without the panels of unresolved signals, and the undefined names."""
    unknown: list[UnknownName] = []
    rows = []
    for row_index, row in enumerate(dashboard.rows):
        panels = []
        for index, panel in enumerate(row.panels):
            path: Path = ("dashboard", "rows", row_index, "panels", index)
            uses = _uses(panel, path)
            unknown += [UnknownName("signal", name, at) for name, at in uses if name not in known]
            found = tuple(signals[name] for name, _ in uses if name in signals)
            if len(found) == len(uses):
                named = sum(way is not None for way in (panel.signal, panel.signals, panel.columns))
                is_columns = panel.columns is not None
                panels.append(Panel(panel.title, panel.type, found, is_columns, named, panel.top, path))
        rows.append(Row(row.title, tuple(panels)))
    return Dashboard(dashboard.refresh, tuple(rows)), unknown


def _uses(panel: written.Panel, path: Path) -> list[tuple[str, Path]]:
    """Return the signals that a panel names, each with the path of its name."""
    alone = [(panel.signal, (*path, "signal"))] if panel.signal else []
    several = [(name, (*path, "signals", index)) for index, name in enumerate(panel.signals or [])]
    columns = [(name, (*path, "columns", index)) for index, name in enumerate(panel.columns or [])]
    return [*alone, *several, *columns]
