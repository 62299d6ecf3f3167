"""The labels that are no metric's own: Prometheus and the platform set them on every series."""

from __future__ import annotations

from typing import Final

from victor_monitoring.resolved.spec import Resolved

_PLATFORM: Final = ("instance", "job", "namespace", "pod", "container", "node", "endpoint", "service")


def target_labels(spec: Resolved) -> frozenset[str]:
    """The platform's labels, and those that the spec selects and tells deployments apart by."""
    selected = {matcher.label for component in spec.components.values() for matcher in component.select}
    return frozenset({*_PLATFORM, *selected, *spec.service.scope})
