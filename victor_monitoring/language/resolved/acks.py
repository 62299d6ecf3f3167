"""The acknowledgements and reasons of a spec, with the paths of their nodes."""

from __future__ import annotations

from collections.abc import Iterator

from victor_monitoring.language.model import spec as written
from victor_monitoring.language.model.fields import Acks
from victor_monitoring.language.resolved.spec import Ack
from victor_monitoring.language.syntax.tree import Path


def acks_of(spec: written.Spec) -> tuple[Ack, ...]:
    """Return every acknowledgement, in the order of the spec."""
    return tuple(
        Ack(path, check, ack.reason, ack.until) for path, acks in _nodes(spec) for check, ack in acks.items()
    )


def _nodes(spec: written.Spec) -> Iterator[tuple[Path, Acks]]:
    yield ("service",), spec.service.ack
    yield ("outputs",), spec.outputs.ack
    yield ("kubernetes",), spec.kubernetes.ack
    for name, component in spec.components.items():
        yield ("components", name), component.ack
        for metric_name, metric in component.metrics.items():
            yield ("components", name, "metrics", metric_name), metric.ack
    for name, signal in spec.signals.items():
        yield ("signals", name), signal.ack
    for group, alerts in spec.alerts.items():
        for name, alert in (alerts or {}).items():
            yield ("alerts", group, name), alert.ack
    if spec.meta:
        yield ("meta",), spec.meta.ack
    if spec.dashboard:
        yield ("dashboard",), spec.dashboard.ack
        for row_index, row in enumerate(spec.dashboard.rows):
            for index, panel in enumerate(row.panels):
                yield ("dashboard", "rows", row_index, "panels", index), panel.ack
    for name, context in spec.contexts.items():
        yield ("contexts", name), context.ack
        yield ("contexts", name, "kubernetes"), context.kubernetes.ack
        for receiver_name, receiver in context.receivers.items():
            yield ("contexts", name, "receivers", receiver_name), receiver.ack


def reasons_of(spec: written.Spec) -> frozenset[Path]:
    """Return the paths of the alerts, signals and sections that have a `reason`."""
    return frozenset(_paths(spec))


def _paths(spec: written.Spec) -> Iterator[Path]:
    for section, node in (("defaults", spec.defaults), ("meta", spec.meta), ("budget", spec.budget)):
        if node is not None and node.reason is not None:
            yield (section,)
    for name, signal in spec.signals.items():
        if signal.reason is not None:
            yield ("signals", name)
    for group, alerts in spec.alerts.items():
        for name, alert in (alerts or {}).items():
            if alert.reason is not None:
                yield ("alerts", group, name)
