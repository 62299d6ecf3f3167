"""Changes of signals: their definitions, and the names of their recordings.

A change of the service's select, scope, prefix, window or time scale is reported once, for the service.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from victor_monitoring.changes.change import Change, becomes
from victor_monitoring.changes.uses import users_of_signal
from victor_monitoring.language.resolved.spec import Resolved
from victor_monitoring.language.syntax.tree import Path
from victor_monitoring.promql.duration import duration_text
from victor_monitoring.promql.printer import text
from victor_monitoring.signals.select import Select
from victor_monitoring.signals.signal import Signal


def signal_changes(before: Resolved, after: Resolved) -> Iterator[Change]:
    """Yield the signals that were added, removed or changed."""
    for name in after.signals:
        if name in before.signals:
            yield from _signal_changes(before, after, name)
        else:
            yield Change("signal", name, "added", ("signals", name))
    for name, signal in before.signals.items():
        if name not in after.signals:
            breaks = users_of_signal(before, name)
            yield Change(
                "signal", name, "removed", ("signals", name),
                breaking=signal.recorded, breaks=breaks, is_removal=True,
            )  # fmt: skip


def _signal_changes(before: Resolved, after: Resolved, name: str) -> Iterator[Change]:
    """Yield the changes of a signal that both specs have."""
    old, new = before.signals[name], after.signals[name]
    path: Path = ("signals", name)
    if old.title != new.title:
        yield Change("signal", name, becomes("the title", old.title, new.title), (*path, "title"))
    if old.unit != new.unit:
        breaks = users_of_signal(before, name)
        meaning = becomes("the unit", old.unit, new.unit)
        yield Change("signal", name, meaning, (*path, "unit"), breaking=True, breaks=breaks)
    yield from _by(before, old, new)
    was, now = duration_text(_window(before, old)), duration_text(_window(after, new))
    if was != now and (_is_own(before, old) or _is_own(after, new)):
        yield Change(
            "signal", name, becomes("the window", was, now), (*path, "window"), breaking=old.recorded
        )
    if _query(old) != _query(new):
        yield Change("signal", name, _computed(old, new), path)
    if old.recorded and not new.recorded:
        yield Change("signal", name, f"`{old.record}` is no longer recorded", path, breaking=True)


def _by(before: Resolved, old: Signal, new: Signal) -> Iterator[Change]:
    path: Path = ("signals", new.name, "by")
    gone = ", ".join(f"`{label}`" for label in old.by if label not in new.by)
    come = ", ".join(f"`{label}`" for label in new.by if label not in old.by)
    if gone:
        breaks = users_of_signal(before, old.name)
        yield Change("signal", new.name, f"no longer by {gone}", path, breaking=True, breaks=breaks)
    if come:  # the recorded metric has another name, and more series
        yield Change("signal", new.name, f"now by {come}", path, breaking=old.recorded)


def _window(spec: Resolved, signal: Signal) -> int:
    """Return the window before time scaling; 0 if the kind has none."""
    return signal.window * spec.time_scale if signal.kind.is_windowed() else 0


def _is_own(spec: Resolved, signal: Signal) -> bool:
    return signal.window != spec.window


def _query(signal: Signal) -> str:
    """Return the signal's query without the parts that are compared separately or belong to the service."""
    bare = replace(signal, select=Select(), scope=(), by=(), prefix="", window=1000, scrape=1000)
    return text(bare.definition())


def _computed(old: Signal, new: Signal) -> str:
    """Return the change of a signal's definition, by its description if that differs, else by its query."""
    was, now = (each.kind.words(replace(each, window=new.window)) for each in (old, new))
    if was != now:
        return becomes("its meaning:", was, now)
    return becomes("its query", _query(old), _query(new))
