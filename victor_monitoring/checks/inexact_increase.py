"""Thresholds of increases that fewer events may pass."""

from __future__ import annotations

import math
from collections.abc import Iterator

from victor_monitoring.base.diagnostics import Severity
from victor_monitoring.checks.check import check
from victor_monitoring.language.resolved.spec import Resolved
from victor_monitoring.language.syntax.finding import Finding
from victor_monitoring.promql.duration import duration_text
from victor_monitoring.promql.printer import number_text


@check("VM306", "inexact-increase", Severity.WARNING)
def inexact_increase(spec: Resolved) -> Iterator[Finding]:
    """Fewer events than a whole threshold says can pass it.

    Prometheus extrapolates an increase to the ends of its window: with a window of 5m and scrapes every 15s,
    ten events may count up to 10.53, so that `> 10` fires.

    Bad: `when: "> 10"`. Good: `when: "> 10.6"`, or `any`.
    """
    for alert in spec.alerts:
        for path, signal, condition in alert.conditions:
            count = condition.threshold.value
            if condition.fits(signal.unit) and condition.high_is_bad and count > 0 and count.denominator == 1:
                most = signal.kind.overstated(signal, count)
                if most is not None:
                    window, events = duration_text(signal.window), number_text(count)
                    written = f"{float(most):.2f}"
                    message = f"{events} events within {window} may count as up to {written}, and fire"
                    least = math.ceil(most * 10) / 10
                    hint = (
                        f"write `{condition.op} {least:g}`; "
                        "only if it may fire on fewer events, add an `ack` with the reason"
                    )
                    yield Finding(path, message, hint)
