"""Severities in the wrong order."""

from __future__ import annotations

from collections.abc import Iterator

from victor_monitoring.checks.check import check
from victor_monitoring.language.resolved.spec import Resolved
from victor_monitoring.language.syntax.finding import Finding


@check("VM303", "warning-beyond-critical")
def warning_beyond_critical(spec: Resolved) -> Iterator[Finding]:
    """An alert's threshold lies beyond that of a more severe alert on the same signal.

    The milder alert then comes after the severe one, or never: it warns of nothing.

    Bad: warning above 95%, critical above 80%. Good: the other way round.
    """
    for milder, severer in spec.escalations:
        mine, other = milder.condition, severer.condition
        if not (mine.fits(milder.signal.unit) and other.fits(severer.signal.unit)):
            continue  # amounts of different things cannot be held against each other
        beyond = mine.threshold.value - other.threshold.value
        if (beyond == 0 and mine.op == other.op) or ((beyond > 0) == mine.high_is_bad and beyond != 0):
            message = (
                f"`{mine.text}` is not before the `{other.text}` of `{severer.name}` ({severer.severity})"
            )
            yield Finding((*milder.path, "when"), message, "swap the thresholds, or the severities")
