"""Guards that cannot match their alert."""

from __future__ import annotations

from collections.abc import Iterator

from victor_monitoring.checks.check import check
from victor_monitoring.language.resolved.spec import Resolved
from victor_monitoring.language.syntax.finding import Finding


@check("VM405", "foreign-guard")
def foreign_guard(spec: Resolved) -> Iterator[Finding]:
    """No series of a guard matches its alert: the guard's signal has more labels, or reads other targets.

    The series are matched on the guard's labels. Without a match, the alert never fires.

    Bad: an alert over the whole service with a guard `by: [tool]`. Good: a guard over the whole service.
    """
    for alert in spec.alerts:
        if alert.guard is None:
            continue
        extra = [label for label in alert.guard.signal.labels if label not in alert.signal.labels]
        if extra or alert.guard.signal.select != alert.signal.select:
            why = (
                f"has the label `{extra[0]}`, which the other does not have"
                if extra
                else "reads targets that are selected by other labels"
            )
            message = f"`{alert.guard.signal.name}` cannot guard `{alert.signal.name}`: it {why}"
            hint = "guard with a signal whose `by` is part of the alert's"
            yield Finding((*alert.path, "only_if", "signal"), message, hint)
