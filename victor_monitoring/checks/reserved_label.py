"""Labels that alerts carry already."""

from __future__ import annotations

from collections.abc import Iterator

from victor_monitoring.checks.check import check
from victor_monitoring.language.resolved.spec import LabelPairs, Resolved
from victor_monitoring.language.syntax.finding import Finding
from victor_monitoring.language.syntax.tree import Path

_RESERVED = ("severity", "component", "owner", "service", "signal", "alertname", "alertstate")


@check("VM406", "reserved-label")
def reserved_label(spec: Resolved) -> Iterator[Finding]:
    """A label of the service, a component or an alert is one that alerts carry already.

    Routes and inhibitions rely on these labels, and one that the series have would be overwritten.

    Bad: `labels: {severity: page}`. Good: `severity: critical` of the alert.
    """
    for path, labels, taken in _label_sets(spec):
        for label, _ in labels:
            if label in taken:
                hint = "give it another name"
                yield Finding(
                    (*path, label), f"`{label}` is a label that alerts carry already", hint, on_key=True
                )


def _label_sets(spec: Resolved) -> Iterator[tuple[Path, LabelPairs, tuple[str, ...]]]:
    targets = (*(matcher.label for matcher in spec.service.select), *spec.service.scope, "instance")
    ours = dict(spec.base.service.labels if spec.base else spec.service.labels)
    for label, value in spec.service.labels:
        place: Path = ("service",) if label in ours else ("contexts", str(spec.context))
        yield (*place, "labels"), ((label, value),), (*_RESERVED, *targets)
    for component in spec.components.values():
        yield (*component.path, "labels"), component.labels, (*_RESERVED, *targets)
    for alert in spec.alerts:
        yield (*alert.path, "labels"), alert.own_labels, (*_RESERVED, *alert.signal.labels)
