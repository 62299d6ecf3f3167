"""Signals and alerts as rows of a table and as lines of changes, with values as short texts."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import TypeAlias

from victor_monitoring.demo.serving.watch import View
from victor_monitoring.language.resolved.spec import Resolved
from victor_monitoring.runtime.alert_states import ActiveSeries, AlertState, AlertStateName
from victor_monitoring.signals.signal import LabelPairs, Signal

States: TypeAlias = dict[str, AlertStateName]
"""The state of each alert, by its name."""


@dataclass(frozen=True, slots=True)
class AlertCell:
    """An alert and its state in a row."""

    name: str
    severity: str
    condition: str
    state: AlertStateName


@dataclass(frozen=True, slots=True)
class SummaryRow:
    """A signal with the worst of its values, and its alerts with their states."""

    title: str
    value: str
    of: str  # the values of its labels
    alerts: tuple[AlertCell, ...]


def rows(spec: Resolved, view: View) -> Iterator[SummaryRow]:
    """Yield a row for each signal, in the order of the spec."""
    for name, values in view.signals.items():
        signal = spec.signals[name]
        alerts = [each for each in view.alerts if each.alert.signal.name == name]
        low_is_bad = any(not each.alert.condition.high_is_bad for each in alerts)
        labels, value = _worst(signal, values, low_is_bad=low_is_bad)
        cells = tuple(
            AlertCell(each.alert.name, each.alert.severity, each.alert.condition.text, each.state)
            for each in alerts
        )
        yield SummaryRow(signal.title, value, labels, cells)


def news(before: States, view: View) -> Iterator[tuple[str, AlertStateName, str]]:
    """Yield name, state and value of each alert whose state differs from `before`."""
    for each in view.alerts:
        if each.state != before.get(each.alert.name, "inactive"):
            yield each.alert.name, each.state, _about(each)


def states(view: View) -> States:
    """Return the state of every alert, by its name."""
    return {each.alert.name: each.state for each in view.alerts}


def _worst(signal: Signal, values: Mapping[LabelPairs, float], *, low_is_bad: bool) -> tuple[str, str]:
    numbers = {key: value for key, value in values.items() if value == value}  # noqa: PLR0124 - no NaN
    if not numbers:
        return "", "no data"
    labels = (min if low_is_bad else max)(numbers, key=lambda key: numbers[key])
    own = ", ".join(value for label, value in labels if label in signal.by and label != "instance")
    return own, signal.unit.format.text(numbers[labels])


def _about(state: AlertState) -> str:
    """Return the signal's first value and the condition: `Cache hit rate 30.2%, < 40%`."""
    signal = state.alert.signal
    if not state.series:
        return signal.title
    series: ActiveSeries = state.series[0]
    own = "".join(f" {series.labels[label]}" for label in signal.by if label in series.labels)
    return f"{signal.title}{own} {signal.unit.format.text(series.value)}, {state.alert.condition.text}"
