"""Alerts loosened where a context is protected."""

from __future__ import annotations

from collections.abc import Iterator

from victor_monitoring.changes.loosening import loosened
from victor_monitoring.checks.check import check
from victor_monitoring.language.resolved.spec import Resolved
from victor_monitoring.language.syntax.finding import Finding


@check("VM606", "unexplained-loosening")
def unexplained_loosening(spec: Resolved) -> Iterator[Finding]:
    """A protected context loosens an alert, a meta alert too, and gives no reason.

    A threshold further out, a longer wait, window or interval, a lower severity, another signal or a guard
    makes trouble where it costs most go unseen for longer. The reason is for whoever asks why.

    Bad: `HighLatency: {when: "> 4s"}` in prod. Good: the same with `reason: The clients wait for 10s`.
    """
    if spec.base is None or not spec.protected:
        return
    for change in loosened(spec.base, spec):
        if change.remedy:
            yield Finding(change.path, change.message, change.remedy)
