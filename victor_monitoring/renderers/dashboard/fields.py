"""The field configuration of panels: units, bounds, colours and overrides for single queries."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from fractions import Fraction
from typing import Any, Final, TypeAlias

from grafanalib.core import Threshold

from victor_monitoring.language.resolved.spec import Panel
from victor_monitoring.promql.inference.intervals import Interval
from victor_monitoring.renderers.dashboard.thresholds import AlertThresholds, ThresholdStep
from victor_monitoring.signals.signal import Signal

JsonObject: TypeAlias = dict[str, Any]  # grafanalib merges such objects into its own JSON

_LINES: Final = {"mode": "dashed"}
_NEUTRAL: Final = (ThresholdStep("blue", None),)  # neither good nor bad


def ref_id(index: int) -> str:
    """Return the name of a panel's query: A to Z, then AA and so on."""
    letters = ""
    index += 1
    while index:
        index, letter = divmod(index - 1, 26)
        letters = chr(ord("A") + letter) + letters
    return letters


def threshold_steps(steps: Iterable[ThresholdStep]) -> list[Threshold]:
    """Return the steps as grafanalib objects; a neutral colour for no steps."""
    return [
        Threshold(step.colour, index, float(step.value or 0))
        for index, step in enumerate(tuple(steps) or _NEUTRAL)
    ]


def field_config(panel: Panel, limits: AlertThresholds) -> JsonObject:
    """Return Grafana's `fieldConfig` of a panel, without the thresholds that all its queries share."""
    if panel.type == "table":
        return {"defaults": _table_defaults(), "overrides": [_column(each, limits) for each in panel.signals]}
    overrides = [] if len(panel.signals) == 1 else list(_own_thresholds(panel, limits))
    by_series = panel.type in ("timeseries", "pie")
    defaults: JsonObject = {
        "unit": panel.signals[0].unit.grafana,
        "color": {"mode": "palette-classic" if by_series else "thresholds"},
    }
    if panel.type == "timeseries":
        defaults |= _axis(panel.signals, limits)
    else:
        defaults |= _bounds(panel.signals)
    return {"defaults": defaults, "overrides": overrides}


def shared_steps(panel: Panel, limits: AlertThresholds) -> tuple[ThresholdStep, ...]:
    """Return the thresholds of the whole panel: those of its only signal, unless it is a table."""
    is_shared = len(panel.signals) == 1 and panel.type != "table"
    return limits.steps(panel.signals[0]) if is_shared else ()


def _own_thresholds(panel: Panel, limits: AlertThresholds) -> Iterator[JsonObject]:
    """Yield for each signal with alerts its thresholds as an override of its query."""
    for index, signal in enumerate(panel.signals):
        if steps := limits.steps(signal):
            lines = [_property("custom.thresholdsStyle", _LINES)] if panel.type == "timeseries" else []
            yield {
                "matcher": {"id": "byFrameRefID", "options": ref_id(index)},
                "properties": [_thresholds(steps), *lines],
            }


def _bounds(signals: Iterable[Signal]) -> JsonObject:
    """Return the finite ends of the range of values that all signals share, if they do."""
    ranges = {signal.range for signal in signals}
    interval = ranges.pop() if len(ranges) == 1 else Interval(None, None)
    ends = {"min": interval.low, "max": interval.high}
    return {key: float(value) for key, value in ends.items() if value is not None}


def _axis(signals: tuple[Signal, ...], limits: AlertThresholds) -> JsonObject:
    """Return the axis of a time series, from the least possible value to beyond the threshold lines."""
    has_lines = len(signals) == 1 and bool(limits.steps(signals[0]))
    custom: JsonObject = {"fillOpacity": 10, "showPoints": "never"}
    custom["thresholdsStyle"] = _LINES if has_lines else {"mode": "off"}
    if tops := _tops(signals, limits):
        custom["axisSoftMax"] = float(max(tops))
    lows = [low for signal in signals if (low := signal.range.low) is not None]
    least = {"min": float(min(lows))} if len(lows) == len(signals) else {}
    return {"custom": custom, **least}


def _tops(signals: Iterable[Signal], limits: AlertThresholds) -> list[Fraction]:
    """Return the thresholds that are bad to exceed, or without any the upper ends of the signals' ranges."""
    alerts = (alert for signal in signals for alert in limits.alerts(signal))
    highs = [alert.condition.threshold.value for alert in alerts if alert.condition.high_is_bad]
    ends = (signal.range.high for signal in signals if signal.unit.whole is not None)
    return highs or [end for end in ends if end is not None]


def _table_defaults() -> JsonObject:
    """Return the defaults of a table: plain cells, which the override of a column with thresholds colours."""
    cells = {"align": "auto", "cellOptions": {"type": "auto"}, "inspect": False}
    return {"color": {"mode": "thresholds"}, "custom": cells}


def _column(signal: Signal, limits: AlertThresholds) -> JsonObject:
    """Return the override of a table's column: its unit, and its thresholds as cell colours."""
    properties = [_property("unit", signal.unit.grafana)]
    if steps := limits.steps(signal):
        cell = {"type": "color-background", "mode": "basic"}
        properties += [_thresholds(steps), _property("custom.cellOptions", cell)]
    return {"matcher": {"id": "byName", "options": signal.title}, "properties": properties}


def _thresholds(steps: Iterable[ThresholdStep]) -> JsonObject:
    return _property("thresholds", {"mode": "absolute", "steps": threshold_steps(steps)})


def _property(key: str, value: object) -> JsonObject:
    return {"id": key, "value": value}
