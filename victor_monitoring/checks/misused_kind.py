"""Signals with invalid parameters of their kind."""

from __future__ import annotations

from collections.abc import Iterator

from victor_monitoring.checks.check import check
from victor_monitoring.language.resolved.spec import Resolved
from victor_monitoring.language.syntax.finding import Finding


@check("VM208", "misused-kind")
def misused_kind(spec: Resolved) -> Iterator[Finding]:
    """Parameters of a signal's kind are invalid, or do not fit together.

    Each kind checks its own parameters: a quantile outside 0 to 1, weights that do not total 100, a count of
    members that several targets report, without an aggregation over the targets.

    Bad: `quantile: {q: 95, of: ..}`. Good: `quantile: {q: 0.95, of: ..}`.
    """
    for signal in spec.signals.values():
        for fault in signal.kind.faults(signal):
            path = ("signals", signal.name, signal.kind.NAME, *fault.at)
            yield Finding(path, fault.message, fault.hint)
