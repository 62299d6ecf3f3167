"""Guards that cannot match their alert."""

from __future__ import annotations

from collections.abc import Iterator

from victor_monitoring.checks.check import check
from victor_monitoring.language.resolved.spec import Resolved
from victor_monitoring.language.syntax.finding import Finding
from victor_monitoring.signals.quantity import ABSENT
from victor_monitoring.signals.signal import Signal


@check("VM405", "foreign-guard")
def foreign_guard(spec: Resolved) -> Iterator[Finding]:
    """No series of a guard matches its alert: the guard's signal has more labels, or reads other targets.

    The series are matched on the guard's labels. Without a match, `only_if` never holds, nor does `unless`.
    An absence is matched on none.

    Bad: an alert over the whole service with a guard `by: [tool]`. Good: a guard over the whole service.
    """
    for alert in spec.alerts:
        for path, guard in alert.placed_guards:
            if guard.condition.op != ABSENT and (why := _foreign(guard.signal, alert.signal)):
                message = f"`{guard.signal.name}` cannot guard `{alert.signal.name}`: it {why[0]}"
                yield Finding((*path, "signal"), message, why[1])


def _foreign(guard: Signal, signal: Signal) -> tuple[str, str] | None:
    """Return why no series of the guard matches one of the signal, with a hint; None if some may."""
    extra = [label for label in guard.labels if label not in signal.labels]
    if extra:
        message = f"has the label `{extra[0]}`, which the other does not have"
        return message, f"guard with a signal without `{extra[0]}` in its `by`"
    matched, fixed = guard.select.only(guard.labels), signal.select.fixed
    if all(each in signal.select.matchers or each.matches(fixed.get(each.label, "")) for each in matched):
        return None
    message = "reads targets that are selected by other labels"
    return (
        message,
        "guard with a signal that reads the same targets, or metrics of a component with `select: {}`",
    )
