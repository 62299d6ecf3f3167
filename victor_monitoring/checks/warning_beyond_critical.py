"""Thresholds in the wrong order of severity."""

from __future__ import annotations

from collections.abc import Iterator

from victor_monitoring.checks.check import check
from victor_monitoring.language.resolved.spec import Resolved
from victor_monitoring.language.syntax.finding import Finding


@check("VM303", "warning-beyond-critical")
def warning_beyond_critical(spec: Resolved) -> Iterator[Finding]:
    """Of two alerts on one signal, the milder one has its threshold at or beyond the more severe one's.

    The milder alert then fires after the severe one, or never: it gives no early warning.

    Bad: warning above 95%, critical above 80%. Good: the other way round.
    """
    for milder, severer in spec.escalations:
        mild, severe = milder.condition, severer.condition
        if not (mild.fits(milder.signal.unit) and severe.fits(severer.signal.unit)):
            continue  # quantities in different units cannot be compared
        beyond = mild.threshold.value - severe.threshold.value
        if (beyond == 0 and mild.order == severe.order) or ((beyond > 0) == mild.high_is_bad and beyond != 0):
            message = (
                f"`{mild.text}` is not before the `{severe.text}` of `{severer.id}` ({severer.severity})"
            )
            hint = f"choose a threshold that is reached before `{severe.text}`"
            yield Finding((*milder.path, "when"), message, hint)
