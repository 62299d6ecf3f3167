"""The faults that a simulation knows by name."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from victor_monitoring.base.diagnostics import UserError, nearest
from victor_monitoring.language.resolved.spec import Alert, Resolved

TARGET_DOWN: Final = "target-down"
COUNTER_RESET: Final = "counter-reset"
NO_TRAFFIC: Final = "no-traffic"
METRIC_MISSING: Final = "metric-missing:"
"""Followed by the metric's name."""


@dataclass(frozen=True, slots=True)
class Faults:
    """What is wrong with a target: alerts that must fire, and what is wrong with its scrapes."""

    alerts: tuple[Alert, ...] = ()
    missing: frozenset[str] = frozenset()
    is_down: bool = False
    resets: bool = False
    is_idle: bool = False


def fault_names(spec: Resolved) -> list[str]:
    """Every fault: one by the name of each alert, and those of any service."""
    missing = (f"{METRIC_MISSING}{declared.metric.name}" for declared in spec.declared)
    return [*(alert.name for alert in spec.alerts), TARGET_DOWN, COUNTER_RESET, NO_TRAFFIC, *missing]


def faults(spec: Resolved, names: Iterable[str]) -> Faults:
    """The faults of these names together; UserError where one is unknown."""
    chosen, known = list(names), fault_names(spec)
    for name in chosen:
        if name not in known:
            raise UserError(f"there is no fault `{name}`", nearest(name, known) or "list them: --fault list")
    return Faults(
        alerts=tuple(alert for alert in spec.alerts if alert.name in chosen),
        missing=frozenset(
            name.removeprefix(METRIC_MISSING) for name in chosen if name.startswith(METRIC_MISSING)
        ),
        is_down=TARGET_DOWN in chosen,
        resets=COUNTER_RESET in chosen,
        is_idle=NO_TRAFFIC in chosen,
    )
