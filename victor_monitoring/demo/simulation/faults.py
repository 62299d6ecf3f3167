"""The faults of a simulation, by name."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from victor_monitoring.base.diagnostics import UserError, unknown_name_hint
from victor_monitoring.demo.simulation.levels import fires_at_a_level
from victor_monitoring.language.resolved.spec import Alert, Resolved

TARGET_DOWN: Final = "target-down"
COUNTER_RESET: Final = "counter-reset"
NO_TRAFFIC: Final = "no-traffic"
METRIC_MISSING: Final = "metric-missing:"
"""Followed by the metric's name."""


@dataclass(frozen=True, slots=True)
class Faults:
    """The faults of a target: alerts that must fire, and defects of its scrapes."""

    alerts: tuple[Alert, ...] = ()
    missing: frozenset[str] = frozenset()
    is_down: bool = False
    resets: bool = False
    is_idle: bool = False


def fault_names(spec: Resolved) -> list[str]:
    """Return the names of all faults: ids of alerts that levels make fire, and those of any service."""
    alerts = (alert.id for alert in spec.alerts if fires_at_a_level(alert))
    missing = (f"{METRIC_MISSING}{declared.metric.name}" for declared in spec.declared)
    return [*alerts, TARGET_DOWN, COUNTER_RESET, NO_TRAFFIC, *missing]


def faults(spec: Resolved, names: Iterable[str]) -> Faults:
    """Return the faults of these names; raise UserError if one is unknown."""
    chosen, valid = list(names), fault_names(spec)
    for name in chosen:
        if name not in valid:
            raise UserError(
                f"there is no fault `{name}`", unknown_name_hint(name, valid) or "list them: --fault list"
            )
    return Faults(
        alerts=tuple(alert for alert in spec.alerts if alert.id in chosen),
        missing=frozenset(
            name.removeprefix(METRIC_MISSING) for name in chosen if name.startswith(METRIC_MISSING)
        ),
        is_down=TARGET_DOWN in chosen,
        resets=COUNTER_RESET in chosen,
        is_idle=NO_TRAFFIC in chosen,
    )
