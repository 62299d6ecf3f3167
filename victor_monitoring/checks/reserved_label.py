"""Labels that alerts already have."""

from __future__ import annotations

from collections.abc import Iterator

from victor_monitoring.checks.check import check
from victor_monitoring.language.resolved.spec import Resolved
from victor_monitoring.language.syntax.finding import Finding
from victor_monitoring.language.syntax.tree import Path
from victor_monitoring.signals.signal import LabelPairs

_RESERVED = ("alertname", "alertstate")


@check("VM406", "reserved-label")
def reserved_label(spec: Resolved) -> Iterator[Finding]:
    """Labels of the service, a component or an alert have names that alerts already use.

    Routes and inhibitions rely on these labels, and a label of the series would be overwritten.

    Bad: `labels: {severity: page}`. Good: `severity: critical` of the alert.
    """
    for path, labels, taken in _label_sets(spec):
        for label, _ in labels:
            if label in taken:
                hint = "give it another name"
                yield Finding(
                    (*path, label), f"`{label}` is a label that alerts already have", hint, on_key=True
                )


def _label_sets(spec: Resolved) -> Iterator[tuple[Path, LabelPairs, tuple[str, ...]]]:
    reserved = ("severity", *_RESERVED, *spec.service.alert_labels.names)
    targets = (*spec.service.select.labels, *spec.service.scope, "instance")
    base_labels = dict(spec.base.service.labels if spec.base else spec.service.labels)
    for label, value in spec.service.labels:
        place: Path = ("service",) if label in base_labels else ("contexts", str(spec.context))
        yield (*place, "labels"), ((label, value),), (*reserved, *targets)
    for component in spec.components.values():
        yield (*component.path, "labels"), component.labels, (*reserved, *targets)
    for alert in spec.alerts:
        taken = reserved if alert.severity is not None else reserved[1:]
        of_values = (label for label in alert.signal.labels if label not in alert.copied_labels)
        yield (*alert.path, "labels"), alert.own_labels, (*taken, *of_values)
