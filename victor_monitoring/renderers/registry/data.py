"""The data of the registry module: metrics, signals and alerts as plain mappings."""

from __future__ import annotations

import dataclasses
from collections.abc import Collection, Iterable, Mapping
from fractions import Fraction

from victor_monitoring.language.resolved.spec import Alert, Declared
from victor_monitoring.promql.printer import text
from victor_monitoring.promql.tree import Vector
from victor_monitoring.renderers.registry.layout import PythonValue
from victor_monitoring.signals.alert import GuardSense
from victor_monitoring.signals.expression import Expression
from victor_monitoring.signals.metric import Label, Selector
from victor_monitoring.signals.quantity import Condition, Quantity
from victor_monitoring.signals.signal import Signal, SignalKind


def metric_data(declared: Declared, attribute: str) -> Mapping[str, PythonValue]:
    """Return a metric in the terms of the spec; `attribute` is its name in the component's class."""
    metric = declared.metric
    data: dict[str, PythonValue] = {
        "component": declared.component,
        "attribute": attribute,
        "type": str(metric.type),
        "unit": metric.unit.written(),
        "help": metric.help,
        "labels": {label.name: _label_data(label) for label in metric.labels},
        "rest": declared.rest,
        "may_be_absent": declared.may_be_absent,
    }
    if metric.buckets:
        data["buckets"] = [float(bound) for bound in metric.buckets]
    if metric.merge is not None:
        data["merge"] = metric.merge
    if metric.low is not None and metric.high is not None:
        data["range"] = (_number(metric.low), _number(metric.high))
    return data


def signal_data(signal: Signal, component: str | None) -> Mapping[str, PythonValue]:
    """Return a signal and the parameters of its kind as the spec writes them; the window is in milliseconds.

    `component` is the one whose metrics it reads, `query` the PromQL of its value over all processes.
    """
    return {
        "title": signal.title,
        "unit": signal.unit.written(),
        "component": component,
        "kind": signal.kind.NAME,
        "parameters": _fields(signal.kind),
        "by": signal.by,
        **({"open": True} if signal.is_open else {}),
        "window": signal.window,
        "select": signal.select.written(),
        "recorded": signal.recorded,
        **({"record": signal.own_record} if signal.own_record else {}),
        "query": text(signal.value()),
    }


def alert_data(alert: Alert, evaluate: int) -> Mapping[str, PythonValue]:
    """Return an alert with its conditions as the spec writes them; durations are in milliseconds.

    The interval of its group is in it if it is not `evaluate`.
    """
    return {
        "group": alert.group,
        **({} if alert.name == alert.id else {"name": alert.name}),
        "signal": alert.signal.name,
        "when": alert.condition.text,
        "only_if": _guards(alert, "only_if"),
        **({"unless": unless} if (unless := _guards(alert, "unless")) else {}),
        "for": alert.pending,
        "keep_firing_for": alert.keep_firing,
        **({} if alert.evaluate == evaluate else {"evaluate": alert.evaluate}),
        "severity": alert.severity,
        "component": alert.component,
        "labels": dict(alert.labels),
        "summary": alert.summary.text if alert.summary else None,
        "runbook": alert.runbook,
        **({"annotations": dict(alert.annotations)} if alert.annotations else {}),
    }


def _guards(alert: Alert, sense: GuardSense) -> PythonValue:
    """Return the alert's guards of one sense: None, the only one, or a list."""
    found = [
        {"signal": each.signal.name, "when": each.condition.text}
        for each in alert.guards
        if each.sense == sense
    ]
    return found[0] if len(found) == 1 else found or None


def differing(
    context: Mapping[str, Mapping[str, PythonValue]], base: Mapping[str, Mapping[str, PythonValue]]
) -> Mapping[str, PythonValue]:
    """Return a context's differences from base by name: the differing fields; None if it is in base alone."""
    found: dict[str, PythonValue] = {name: None for name in base if name not in context}
    for name, data in context.items():
        was = base.get(name, {})
        fields = {field: value for field, value in data.items() if field not in was or value != was[field]}
        fields |= dict.fromkeys(was.keys() - data.keys())
        if fields:
            found[name] = fields
    return found


def own_signals(signals: Iterable[Signal], own: Collection[str]) -> list[Signal]:
    """Return the signals whose metrics are all among `own`: the others cannot be computed in process."""
    return [signal for signal in signals if all(metric.name in own for metric in signal.metrics())]


def own_alerts(alerts: Iterable[Alert], signals: Collection[str]) -> list[Alert]:
    """Return the alerts that a process can evaluate itself: those on these signals, guards included."""
    return [
        alert
        for alert in alerts
        if all(each.name in signals and each.is_evaluable() for _, each, _ in alert.conditions)
    ]


def _fields(shape: SignalKind) -> Mapping[str, PythonValue]:
    return {
        field.name: _written(getattr(shape, field.name))
        for field in dataclasses.fields(shape)  # type: ignore[arg-type]  # every kind is a dataclass
        if "later" not in field.metadata or getattr(shape, field.name) != field.default
    }


def _written(value: object) -> PythonValue:
    """Return a parameter as the spec writes it."""
    match value:
        case Selector():
            return text(Vector(value.metric.name, value.matchers))
        case Expression():
            parts = {"parts": [part.name for part in value.parts]} if value.parts else {}
            return {"promql": text(value.tree), **parts}
        case Condition() | Quantity():
            return value.text
        case Fraction():
            return _number(value)
        case Signal():
            return value.name
        case tuple():
            return [_written(each) for each in value]
        case None | bool() | int() | float() | str():
            return value
        case _:
            return {f.name: _written(getattr(value, f.name)) for f in dataclasses.fields(value)}  # type: ignore[arg-type]  # a part of a kind is a dataclass


def _label_data(label: Label) -> PythonValue:
    return {"open": True, "limit": label.limit} if label.values is None else label.values


def _number(value: Fraction) -> int | float:
    return value.numerator if value.denominator == 1 else float(value)
