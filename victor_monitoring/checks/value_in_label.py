"""Labels that change with the value of an alert."""

from __future__ import annotations

from collections.abc import Iterator

from victor_monitoring.base.diagnostics import Severity
from victor_monitoring.checks.check import check
from victor_monitoring.language.resolved.spec import Alert, Resolved
from victor_monitoring.language.syntax.finding import Finding


@check("VM410", "value-in-label")
def value_in_label(spec: Resolved) -> Iterator[Finding]:
    """Labels of an alert with `for` print a value.

    An alert is known by its labels: with each new value another one begins, and so does the time of `for`.
    It fires only if the value stays the same. A condition such as `{{ if gt $value 5.0 }}` prints no value.

    Bad: `labels: {level: "{{ $value }}"}`. Good: `annotations: {level: "{{ $value }}"}`.
    """
    for alert in spec.alerts:
        if alert.pending:
            yield from _printed(spec, alert, "each new value begins `for` again")


@check("VM411", "changing-label", Severity.WARNING)
def changing_label(spec: Resolved) -> Iterator[Finding]:
    """Labels of an alert without `for` print a value.

    An alert is known by its labels: with each new value one alert ends and another one fires, with a
    notification of its own.

    Bad: `labels: {level: "{{ $value }}"}`. Good: `annotations: {level: "{{ $value }}"}`.
    """
    for alert in spec.alerts:
        if not alert.pending:
            yield from _printed(spec, alert, "each new value is a new alert")


def _printed(spec: Resolved, alert: Alert, effect: str) -> Iterator[Finding]:
    for path, uses in alert.template_uses(spec.service.prometheus):
        *_, key, label = path
        for span in uses.values if key == "labels" else ():
            message = f"the label `{label}` prints a value: {effect}"
            yield Finding(path, message, "print it in an annotation", span)
