"""Absences that another deployment or another label set hides."""

from __future__ import annotations

from collections.abc import Iterator

from victor_monitoring.checks.check import check
from victor_monitoring.language.resolved.spec import Resolved
from victor_monitoring.language.syntax.finding import Finding
from victor_monitoring.signals.quantity import ABSENT
from victor_monitoring.signals.signal import Signal


@check("VM309", "hidden-absence")
def hidden_absence(spec: Resolved) -> Iterator[Finding]:
    """Alerts fire only once no label set and no deployment has a series of the `absent` signal.

    One that is gone is hidden by the others that are still there. So the signal has no `by`, and each label
    of `scope` has one value in `select`, that of the context.

    Bad: `when: absent` on a signal with `by: [instance]`. Good: a signal of the same metric without `by`.
    """
    if spec.context is None and spec.as_written.contexts:
        return  # base itself is not deployed
    for alert in spec.alerts:
        for path, signal, condition in alert.conditions:
            if condition.op == ABSENT and (label := _hiding(signal)):
                message = f"`{signal.name}` of one {label} is not seen to be absent while another has it"
                yield Finding(path, message, "watch a signal without `by`, in contexts that select the scope")


def _hiding(signal: Signal) -> str | None:
    """Return a label by which series differ, any of which hides that the others are gone."""
    fixed = signal.select.fixed
    return next((label for label in (*signal.by, *signal.scope) if label not in fixed), None)
