"""How alerts are routed, resolved."""

from __future__ import annotations

from victor_monitoring.model import spec as written
from victor_monitoring.resolved.metrics import label_pairs
from victor_monitoring.resolved.spec import Receiver, Routing, Unknown
from victor_monitoring.resolved.time_scale import TimeScale


def resolve_routing(
    spec: written.Spec, context: str | None, scale: TimeScale
) -> tuple[Routing, list[Unknown]]:
    """The routing of base or of a context, and the severities of its receivers that do not exist."""
    here = spec.contexts[context] if context else written.Context()
    receivers = tuple(
        Receiver(
            name=name,
            severities=tuple(receiver.severities),
            labels=label_pairs(receiver.labels),
            integrations=receiver.integrations(),
            path=("contexts", context or "", "receivers", name),
        )
        for name, receiver in here.receivers.items()
    )
    times = spec.alertmanager
    routing = Routing(
        standalone=times.standalone,
        group_wait=scale(times.group_wait),
        group_interval=scale(times.group_interval),
        repeat_interval=scale(times.repeat_interval),
        labels=label_pairs(here.labels),
        told_apart=tuple(dict.fromkeys(label for each in spec.contexts.values() for label in each.labels)),
        receivers=receivers,
    )
    unknown = [
        Unknown("severity", severity, (*receiver.path, "severities", index))
        for receiver in receivers
        for index, severity in enumerate(receiver.severities)
        if severity not in spec.severities
    ]
    return routing, unknown
