"""Changes from one resolved spec to another that make alerting less strict."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from victor_monitoring.changes.conditions import guard_changes, loosening
from victor_monitoring.language.resolved.spec import Alert, Meta, Resolved
from victor_monitoring.language.syntax.tree import Path
from victor_monitoring.promql.duration import duration_text

_Change = tuple[Path, str]  # the keys of the changed value, and a description


_HINT = "leave it as it is; only if it must fire less here, add a `reason`, which accepts the change"


@dataclass(frozen=True, slots=True)
class Loosening:
    """A change that delays an alert, or hides values on which it fired before."""

    path: Path
    message: str
    hint: str  # empty if a reason is given


def loosened(before: Resolved, after: Resolved) -> Iterator[Loosening]:
    """Yield every loosening of alerts, signals and defaults that both specs have.

    Durations are compared before time scaling.
    """
    for place, subject, changes in _places(before, after):
        hint = "" if place in after.as_written.reasons else _HINT
        for keys, message in changes:
            yield Loosening((*place, *keys), f"{subject}{message}: loosened", hint)
    if before.meta and not after.meta:
        yield Loosening(
            ("meta",), "`meta` is switched off: loosened", "leave it on, it has no place for a reason"
        )


def _places(before: Resolved, after: Resolved) -> Iterator[tuple[Path, str, Iterator[_Change]]]:
    """Yield each object that may be loosened: its path, its name in messages, and its loosening changes."""
    yield ("defaults",), "", _in_defaults(before, after)
    for name in dict.fromkeys((*before.groups, *after.groups)):
        yield ("groups", name), f"`{name}`: ", _in_group(before, after, name)
    old = {alert.id: alert for alert in before.alerts}
    watched = {alert.signal.name for alert in after.alerts if alert.id in old}
    for name in sorted(watched & before.signals.keys()):
        yield ("signals", name), f"`{name}`: ", _in_signal(before, after, name)
    for alert in after.alerts:
        if alert.id in old:
            yield alert.path, f"`{alert.id}`: ", _in_alert(old[alert.id], alert, before, after)
    if before.meta and after.meta:
        yield ("meta",), "", _in_meta(before.meta, after.meta, before, after)


def _in_defaults(before: Resolved, after: Resolved) -> Iterator[_Change]:
    pairs = {"window": (before.window, after.window), "evaluate_every": (before.evaluate, after.evaluate)}
    for key, (old, new) in pairs.items():
        yield from _longer((key,), f"`{key}`", old * before.time_scale, new * after.time_scale)


def _in_group(before: Resolved, after: Resolved, name: str) -> Iterator[_Change]:
    """Yield a longer interval of the group itself, and a limit that is added or lowered."""
    old, new = before.group(name), after.group(name)
    if new.evaluate != after.evaluate or before.evaluate == after.evaluate:
        was, now = old.evaluate * before.time_scale, new.evaluate * after.time_scale
        yield from _longer(("evaluate_every",), "`evaluate_every`", was, now)
    if new.limit is not None and (old.limit is None or new.limit < old.limit):
        yield ("limit",), f"`limit` becomes {new.limit}"


def _in_signal(before: Resolved, after: Resolved, name: str) -> Iterator[_Change]:
    """Yield a longer window of the signal itself; that of `defaults` is reported for `defaults`."""
    old, new = before.signals[name].window, after.signals[name].window
    if new != after.window or before.window == after.window:
        yield from _longer(("window",), "`window`", old * before.time_scale, new * after.time_scale)


def _in_alert(old: Alert, new: Alert, before: Resolved, after: Resolved) -> Iterator[_Change]:
    if old.signal.name != new.signal.name:
        yield ("signal",), f"`{old.signal.name}` becomes `{new.signal.name}`, another signal"
    elif words := loosening(old.condition, new.condition):
        yield ("when",), words
    yield from _longer(("for",), "`for`", old.pending * before.time_scale, new.pending * after.time_scale)
    yield from _milder(old.severity, new.severity, after)
    for change in guard_changes(old, new):
        if change.loosening:
            yield change.keys, change.loosening


def _in_meta(old: Meta, new: Meta, before: Resolved, after: Resolved) -> Iterator[_Change]:
    yield from _longer(("for",), "`for`", old.pending * before.time_scale, new.pending * after.time_scale)
    yield from _milder(old.severity, new.severity, after)


def _longer(keys: Path, subject: str, old: int, new: int) -> Iterator[_Change]:
    if new > old:
        yield keys, f"{subject} of {duration_text(old)} becomes {duration_text(new)}"


def _milder(old: str | None, new: str | None, spec: Resolved) -> Iterator[_Change]:
    """Yield a lower severity, also none or a word without a place among those of the spec."""
    if spec.rank(new) < spec.rank(old):
        yield ("severity",), f"{old} becomes {new or 'none'}"
