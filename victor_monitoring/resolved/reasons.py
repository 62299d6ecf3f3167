"""Where a spec gives a reason for what it changes."""

from __future__ import annotations

from collections.abc import Iterator

from victor_monitoring.model import spec as written
from victor_monitoring.spec.tree import Path


def reasons_of(spec: written.Spec) -> frozenset[Path]:
    """The paths of the alerts, signals and sections that carry a `reason`."""
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
