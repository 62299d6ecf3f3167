"""How two dashboards differ, panel by panel: for what is live, of which no spec is known."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final, TypeAlias

from victor_monitoring.changes.change import Change, becomes

Document: TypeAlias = Any  # a dashboard that anybody may have edited
_PLACE: Final = ("gridPos", "id")
_TOLD_APART: Final = ("panels",)


def dashboard_changes(before: Document, after: Document) -> Iterator[Change]:
    """What differs, one panel at a time; a panel is the same while its title and what is before it are."""
    olds, news = dict(_panels(before)), dict(_panels(after))
    for name, new in news.items():
        if name not in olds:
            yield Change("panel", _shown(name), "added", ())
        elif olds[name] != new:
            is_moved = _drawn(olds[name]) == _drawn(new)
            yield Change("panel", _shown(name), "moved" if is_moved else "drawn otherwise", ())
    for name in olds:
        if name not in news:
            yield Change("panel", _shown(name), "removed", (), is_removal=True)
    was, now = (each if isinstance(each, dict) else {} for each in (before, after))
    for key in sorted({*was, *now}.difference(_TOLD_APART)):
        if was.get(key) != now.get(key):
            plain = all(
                isinstance(each, (str, int, float, type(None))) for each in (was.get(key), now.get(key))
            )
            yield Change(
                "dashboard", key, becomes("", was.get(key), now.get(key)) if plain else "differs", ()
            )


def _panels(dashboard: Document) -> Iterator[tuple[tuple[str, int], dict[str, Any]]]:
    """Every panel by its title and which of that title it is; those of a folded row too."""
    seen: dict[str, int] = {}
    found = dashboard.get("panels") if isinstance(dashboard, dict) else None
    for panel in found if isinstance(found, list) else ():
        if isinstance(panel, dict):
            inner = panel.get("panels")
            for each in (panel, *(inner if isinstance(inner, list) else ())):
                if isinstance(each, dict):
                    title = str(each.get("title", ""))
                    seen[title] = seen.get(title, 0) + 1
                    yield (title, seen[title]), {key: each[key] for key in each if key != "panels"}


def _drawn(panel: dict[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in panel.items() if key not in _PLACE}


def _shown(name: tuple[str, int]) -> str:
    title, which = name
    return f"`{title}`" if which == 1 else f"`{title}` ({which})"
