"""Signals and alerts at one time, as rows of a table and as lines of changes."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Literal, TypeAlias

from victor_monitoring.runtime.alert_states import AlertState
from victor_monitoring.signals.alert import AlertRule
from victor_monitoring.signals.signal import LabelPairs, Signal

ViewState: TypeAlias = Literal["inactive", "pending", "firing", "muted", "delivered", "resolved"]
"""`muted`: inhibited by another alert; `delivered`: the receiver got it; `resolved`: it got its end."""


@dataclass(frozen=True, slots=True)
class AlertView:
    """An alert and its state; `severity` may be empty, `about` is its summary, or the value of its signal."""

    name: str
    severity: str
    condition: str
    state: ViewState
    about: str


@dataclass(frozen=True, slots=True)
class SignalRow:
    """A signal with the worst of its values, and the alerts on it."""

    title: str
    value: str
    of: str  # the values of its labels
    alerts: tuple[AlertView, ...]


@dataclass(frozen=True, slots=True)
class DemoSnapshot:
    """The rows of signals at one time."""

    rows: tuple[SignalRow, ...]

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

    def news(self, before: dict[str, ViewState]) -> Iterator[AlertView]:
        """Yield each alert whose state differs from `before`, the states by name, and update it."""
        for each in self.alert_views.values():
            if each.state != before.get(each.name, "inactive"):
                before[each.name] = each.state
                yield each


def signal_row(
    signal: Signal,
    values: Mapping[LabelPairs, float],
    alerts: Iterable[AlertRule],
    views: Iterable[AlertView],
) -> SignalRow:
    """Return the row of a signal with these values and alerts."""
    numbers = {key: value for key, value in values.items() if not math.isnan(value)}
    if not numbers:
        return SignalRow(signal.title, "no data", "", tuple(views))
    high_is_bad = all(each.condition.high_is_bad for each in alerts)
    labels = (max if high_is_bad else min)(numbers, key=lambda key: numbers[key])
    own = ", ".join(value for label, value in labels if label in signal.by)
    return SignalRow(signal.title, signal.unit.format.text(numbers[labels]), own, tuple(views))


def in_process_row(
    signal: Signal, values: Mapping[LabelPairs, float], states: Iterable[AlertState]
) -> SignalRow:
    """Return the row of a signal evaluated in this process; its only instance is not named."""
    own = [each for each in states if each.alert.signal.name == signal.name]
    named = {tuple(pair for pair in key if pair[0] != "instance"): value for key, value in values.items()}
    return signal_row(signal, named, [each.alert for each in own], map(_alert_view, own))


def _alert_view(state: AlertState) -> AlertView:
    """Return the alert with its signal's first value and its condition: `Cache hit rate 30.2%, < 40%`."""
    alert, signal, about = state.alert, state.alert.signal, state.alert.signal.title
    for series in state.series[:1]:
        own = "".join(f" {series.labels[label]}" for label in signal.by if label in series.labels)
        about += f"{own} {signal.unit.format.text(series.value)}, {alert.condition.text}"
    return AlertView(alert.id, alert.severity or "", alert.condition.text, state.state, about)
