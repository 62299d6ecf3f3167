"""Every change from one resolved spec to another."""

from __future__ import annotations

from victor_monitoring.resolved.spec import Resolved

from .alerts import alert_changes, meta_changes
from .change import Change
from .metrics import component_changes, metric_changes
from .panels import panel_changes
from .service import service_changes
from .signals import signal_changes


def changes(before: Resolved, after: Resolved) -> tuple[Change, ...]:
    """What differs, from what is alerted on down to what is measured; empty where nothing does."""
    return (
        *alert_changes(before, after),
        *meta_changes(before, after),
        *panel_changes(before, after),
        *signal_changes(before, after),
        *component_changes(before, after),
        *metric_changes(before, after),
        *service_changes(before, after),
    )
