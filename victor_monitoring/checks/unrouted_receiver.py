"""Receivers to which no route leads."""

from __future__ import annotations

from collections.abc import Iterator

from victor_monitoring.checks.check import check
from victor_monitoring.language.resolved.spec import Resolved
from victor_monitoring.language.syntax.finding import Finding


@check("VM614", "unrouted-receiver")
def unrouted_receiver(spec: Resolved) -> Iterator[Finding]:
    """No route leads to a receiver, because alerts have no label with the service's name.

    Routes select the alerts of the service by this label, so that its receivers get no other alerts.

    Bad: `alert_labels: {service: null}` and `receivers` in a context. Good: `alert_labels: {service: app}`.
    """
    if spec.service.alert_labels.service is None:
        for receiver in spec.routing.receivers:
            message = f"no route leads to `{receiver.name}`: alerts have no label with the service's name"
            yield Finding(receiver.path, message, "name one in `service.alert_labels`", on_key=True)
