"""Values of signals and states of alerts at one time, delivery included."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Literal, TypeAlias

from victor_monitoring.language.resolved.spec import Alert, Resolved
from victor_monitoring.signals.signal import Signal

ViewState: TypeAlias = Literal["inactive", "pending", "firing", "muted", "delivered", "resolved"]
"""`muted`: inhibited by another alert; `delivered`: the receiver got it; `resolved`: it got its end."""


@dataclass(frozen=True, slots=True)
class AlertView:
    """An alert's state and summary."""

    name: str
    condition: str
    state: ViewState
    about: str


@dataclass(frozen=True, slots=True)
class SignalView:
    """A signal with the worst of its values, and the alerts on it."""

    title: str
    value: str
    of: str
    alerts: tuple[AlertView, ...]


@dataclass(frozen=True, slots=True)
class DemoSnapshot:
    """The rows of all signals at one time."""

    rows: tuple[SignalView, ...]

    @property
    def alert_views(self) -> dict[str, AlertView]:
        """Every alert by its name."""
        return {each.name: each for row in self.rows for each in row.alerts}

    @property
    def fired(self) -> set[str]:
        """The names of the alerts that fire, delivered or not."""
        return {
            each.name for each in self.alert_views.values() if each.state in ("firing", "muted", "delivered")
        }

    @property
    def is_quiet(self) -> bool:
        """Whether no alert is pending or firing."""
        return all(each.state in ("inactive", "resolved") for each in self.alert_views.values())


def watched(spec: Resolved) -> dict[str, tuple[Signal, list[Alert]]]:
    """Return the signals that have alerts, in the order of the spec, each with its alerts."""
    found: dict[str, tuple[Signal, list[Alert]]] = {}
    for name, signal in spec.signals.items():
        alerts = [alert for alert in spec.alerts if alert.signal.name == name]
        if alerts:
            found[name] = (signal, alerts)
    return found


def worst(
    signal: Signal, alerts: Iterable[Alert], values: Mapping[tuple[str, ...], float]
) -> tuple[str, str]:
    """Return the worst value as text, and its label values; `values` has the values of `by` as keys."""
    numbers = {labels: value for labels, value in values.items() if not math.isnan(value)}
    if not numbers:
        return "no data", ""
    high_is_bad = all(alert.condition.high_is_bad for alert in alerts)
    labels = (max if high_is_bad else min)(numbers, key=lambda each: numbers[each])
    return signal.unit.format.text(numbers[labels]), " ".join(labels)
