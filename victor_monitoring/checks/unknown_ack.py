"""Acknowledgements of checks that do not exist."""

from __future__ import annotations

from collections.abc import Iterator

from victor_monitoring.base.diagnostics import unknown_name_hint
from victor_monitoring.checks.check import all_patterns, check
from victor_monitoring.language.resolved.spec import Resolved
from victor_monitoring.language.syntax.finding import Finding


@check("VM604", "unknown-ack")
def unknown_ack(spec: Resolved) -> Iterator[Finding]:
    """No check has the name that an `ack` or an entry of `checks` gives.

    The entry would silently have no effect.

    Bad: `ack: {slow-critical: ..}`. Good: `ack: {slower-critical: ..}`.
    """
    names = [pattern.name for pattern in all_patterns()]
    known = {*names, *(pattern.code for pattern in all_patterns())}
    places = [(ack.place, ack.check) for ack in spec.as_written.acks]
    places += [(("checks", name), name) for name in spec.as_written.checks]
    for path, name in places:
        if name not in known:
            siblings = [other for place, other in places if place[:-1] == path[:-1]]
            hint = unknown_name_hint(name, names, taken=siblings)
            yield Finding(path, f"unknown check `{name}`", hint, on_key=True)
