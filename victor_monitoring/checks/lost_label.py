"""Placeholders for labels that aggregation drops."""

from __future__ import annotations

from collections.abc import Iterator

from victor_monitoring.base.diagnostics import unknown_name_hint
from victor_monitoring.checks.check import check
from victor_monitoring.language.resolved.spec import Alert, Resolved
from victor_monitoring.language.syntax.finding import Finding
from victor_monitoring.language.syntax.tree import Path
from victor_monitoring.signals.quantity import ABSENT
from victor_monitoring.signals.template import Template


@check("VM404", "lost-label")
def lost_label(spec: Resolved) -> Iterator[Finding]:
    """Texts of an alert name a label that the values of its signal do not have.

    Aggregation drops every label except those of `select`, `scope` and `by`, so the text would have a gap. An
    absent signal has no value, and only the labels that `select` sets to one value; where it is `present` or
    `absent`, there is no threshold.

    Bad: `{tool}` where the signal has no `by: [tool]`. Good: a label of the signal, `{value}`, `{threshold}`.
    """
    for alert in spec.alerts:
        known = _known(alert)
        texts: list[tuple[Path, Template | None]] = [
            ((*alert.path, "summary"), alert.summary),
            ((*alert.path, "description"), alert.description),
            *(((*alert.path, "actions", index), action) for index, action in enumerate(alert.actions)),
        ]
        for path, template in texts:
            for placeholder in template.placeholders if template else ():
                if placeholder.name not in known:
                    message = f"`{alert.signal.name}` has no label `{placeholder.name}`"
                    yield Finding(path, message, unknown_name_hint(placeholder.name, known), placeholder.part)


def _known(alert: Alert) -> tuple[str, ...]:
    """Return the names that the texts of an alert may use."""
    if alert.condition.op == ABSENT:
        return tuple(alert.signal.select.fixed)
    threshold = ("threshold",) if alert.condition.is_comparison else ()
    return (*alert.signal.labels, "value", *threshold)
