"""Alerts that no panel shows."""

from __future__ import annotations

from collections.abc import Iterator

from victor_monitoring.base.diagnostics import Severity
from victor_monitoring.checks.check import check
from victor_monitoring.language.resolved.spec import Resolved
from victor_monitoring.language.syntax.finding import Finding


@check("VM403", "unshown-alert", Severity.NOTE)
def unshown_alert(spec: Resolved) -> Iterator[Finding]:
    """No panel of the dashboard draws the signal of an alert.

    A person who is paged finds no panel to look at. If that is intended, give the reason with an `ack`.

    Bad: an alert on CPU and no panel of it. Good: a panel with `signal: cpu`.
    """
    if spec.dashboard is None or ("dashboard",) in spec.as_written.broken:
        return
    shown = {signal.name for panel in spec.panels for signal in panel.signals}
    for alert in spec.alerts:
        if alert.signal.name not in shown:
            message = f"no panel shows `{alert.signal.name}`, which `{alert.id}` watches"
            yield Finding(
                (*alert.path, "signal"),
                message,
                "add a panel; only if nobody needs one, add an `ack` with the reason",
            )
