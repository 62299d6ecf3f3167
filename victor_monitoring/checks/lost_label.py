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
    """Texts of an alert name a label that its values do not have.

    Aggregation drops every label except those of `select`, `scope` and `by`, so the text would have a gap. An
    absent signal has no value, and only the labels that `select` sets to one value; where it is `present` or
    `absent`, there is no threshold. Templates in `labels` and `annotations` read the labels of the
    expression, not those that the alert sets.

    Bad: `{tool}` or `{{ $labels.tool }}` where the signal has no `by: [tool]`. Good: a label of the signal,
    `{value}`, `{threshold}`.
    """
    for alert in spec.alerts:
        labels = _labels(alert)
        known = (*labels, *_numbers(alert))
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
        for path, uses in alert.template_uses(spec.service.prometheus):
            for use in uses.labels:
                if not alert.may_have(use.name):
                    message = f"the values of `{alert.id}` have no label `{use.name}`"
                    yield Finding(path, message, _hint(alert, use.name, labels), use.span)


def _labels(alert: Alert) -> tuple[str, ...]:
    """Return the labels that the texts of an alert may use."""
    if alert.condition.op == ABSENT:
        return tuple(alert.signal.select.fixed)
    return alert.signal.labels


def _numbers(alert: Alert) -> tuple[str, ...]:
    """Return the numbers that the texts of an alert may use."""
    if alert.condition.op == ABSENT:
        return ()
    return ("value", "threshold") if alert.condition.is_comparison else ("value",)


def _hint(alert: Alert, name: str, labels: tuple[str, ...]) -> str:
    set_by_rule = dict(alert.static_labels).get(name)
    if set_by_rule is not None:
        return f"the alert sets it, and templates do not read that: write `{set_by_rule}`"
    return unknown_name_hint(name, labels)
