"""Severe alerts that fire later than milder ones."""

from __future__ import annotations

from collections.abc import Iterator

from victor_monitoring.checks.check import check
from victor_monitoring.language.resolved.spec import Resolved
from victor_monitoring.language.syntax.finding import Finding
from victor_monitoring.promql.duration import duration_text


@check("VM304", "slower-critical")
def slower_critical(spec: Resolved) -> Iterator[Finding]:
    """Of two alerts on one signal, the more severe one waits longer.

    After a sudden failure, the more urgent notification is then the later one. If that is intended, give the
    reason with an `ack`.

    Bad: warning `for: 5m`, critical `for: 10m`. Good: the critical's `for` at most the warning's.
    """
    for milder, severer in spec.escalations:
        if severer.pending > milder.pending:
            mine, other = duration_text(severer.pending), duration_text(milder.pending)
            message = (
                f"`{severer.id}` waits {mine}, longer than `{milder.id}` ({milder.severity}) with {other}"
            )
            yield Finding((*severer.path, "for"), message, f"make it {other} or less")
