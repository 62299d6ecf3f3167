"""Panels whose signals do not fit their type."""

from __future__ import annotations

from collections.abc import Iterator

from victor_monitoring.checks.check import check
from victor_monitoring.language.resolved.spec import Panel, Resolved
from victor_monitoring.language.syntax.finding import Finding


@check("VM407", "misdrawn-panel")
def misdrawn_panel(spec: Resolved) -> Iterator[Finding]:
    """Signals of a panel are given in a way that its type cannot draw.

    All signals of a panel need the same unit. A pie needs one signal with `by`; columns need signals with the
    same `by`, on a table. Neither draws an open signal, whose labels are not known.

    Bad: `{type: pie, signals: [a, b]}`. Good: `{type: pie, signal: lookups_by_result}`.
    """
    for panel in spec.panels:
        for message, hint in _faults(panel):
            yield Finding((*panel.path, "title"), f"`{panel.title}` {message}", hint)


def _faults(panel: Panel) -> Iterator[tuple[str, str]]:
    if panel.named != 1:
        yield "names its signals under none or several keys", "write one of `signal`, `signals` and `columns`"
    if panel.is_columns and panel.type != "table":
        yield f"has columns and is a {panel.type}", "write `type: table`, or `signals` for `columns`"
    if panel.is_columns and len({signal.labels for signal in panel.signals}) > 1:
        yield "has columns whose labels differ", "take signals that have the same `by`"
    if not panel.is_columns and len({signal.unit for signal in panel.signals}) > 1:
        yield "mixes units", "draw signals of one unit on a panel"
    if panel.type == "pie" and len(panel.signals) > 1:
        yield "is a pie of several signals", "name one under `signal`, or choose another type"
    elif panel.type == "pie" and not all(signal.by for signal in panel.signals):
        yield "is a pie of a signal without `by`", "add a `by` to the signal, or choose another type"
    if panel.type in ("pie", "table") and any(signal.is_open for signal in panel.signals):
        yield f"is a {panel.type} of a signal whose labels are not known", "add `agg` to the signal's `value`"
    if panel.type == "table" and len(panel.signals) > 1 and not panel.is_columns:
        yield "is a table of several signals", "name them under `columns`"
