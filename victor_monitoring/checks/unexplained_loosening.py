"""Alerts that a protected context loosens without a reason."""

from __future__ import annotations

from collections.abc import Iterator

from victor_monitoring.changes.loosening import loosened
from victor_monitoring.checks.check import check
from victor_monitoring.language.resolved.spec import Resolved
from victor_monitoring.language.syntax.finding import Finding


@check("VM606", "unexplained-loosening")
def unexplained_loosening(spec: Resolved) -> Iterator[Finding]:
    """No reason is given where a protected context loosens an alert or a meta alert.

    A less strict threshold, a longer `for`, window or interval, a lower severity, another signal or a guard
    delays or hides an alert where an outage costs most. The reason documents why that is acceptable.

    Bad: `HighLatency: {when: "> 4s"}` in prod. Good: the same with `reason: The clients wait for 10s`.
    """
    if spec.base is None or not spec.protected:
        return
    for change in loosened(spec.base, spec):
        if change.hint:
            yield Finding(change.path, change.message, change.hint)
