"""The alerts, panels and REST fields that use a metric, a label, a label value or a signal."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from victor_monitoring.language.resolved.spec import Declared, Resolved
from victor_monitoring.signals.metric import Selector
from victor_monitoring.signals.signal import Signal

Reads = Callable[[Signal, Selector], bool]


def users_of_metric(spec: Resolved, declared: Declared) -> tuple[str, ...]:
    """Return the alerts and panels that read a metric, and its REST field."""
    return (*_users(spec, declared, lambda signal, selector: True), *rest_field(spec, declared))


def users_of_label(spec: Resolved, declared: Declared, label: str) -> tuple[str, ...]:
    """Return the alerts and panels that group or select by a label, and the REST field of its metric."""
    return (*_users(spec, declared, lambda s, sel: _names(s, sel, label)), *rest_field(spec, declared))


def users_of_value(spec: Resolved, declared: Declared, label: str, value: str) -> tuple[str, ...]:
    """Return the alerts and panels whose matchers on the label select the value."""

    def reads(_: Signal, selector: Selector) -> bool:
        named = any(matcher.label == label for matcher in selector.matchers)
        return named and any(each[label] == value for each in selector.label_sets())

    return _users(spec, declared, reads)


def users_of_signal(spec: Resolved, name: str) -> tuple[str, ...]:
    """Return the alerts and panels on a signal, or on a score that contains it."""
    return tuple(_on_signals(spec, {name}))


def rest_field(spec: Resolved, declared: Declared) -> tuple[str, ...]:
    """Return the REST field of a metric, as endpoint and attribute; empty for an external component."""
    component = spec.components[declared.component]
    if component.external:
        return ()
    attribute = declared.metric.name.removeprefix(spec.service.prefix)
    return (f"REST field {component.endpoint}.{attribute}",)


def _users(spec: Resolved, declared: Declared, reads: Reads) -> tuple[str, ...]:
    series = declared.metric.series()
    reading = {
        signal.name
        for signal in spec.signals.values()
        for reading in signal.kind.readings()
        if reading.selector.metric.name in series and reads(signal, reading.selector)
    }
    return tuple(_on_signals(spec, reading))


def _names(signal: Signal, selector: Selector, label: str) -> bool:
    return label in signal.by or any(matcher.label == label for matcher in selector.matchers)


def _on_signals(spec: Resolved, names: set[str]) -> Iterator[str]:
    """Yield the alerts and panels on these signals, or on scores that contain one."""

    def is_on(signal: Signal) -> bool:
        return any(each.name in names for each in signal.with_parts())

    for alert in spec.alerts:
        if any(map(is_on, alert.signals)):
            yield f"alert {alert.id}"
    for panel in spec.panels:
        if any(map(is_on, panel.signals)):
            yield f"panel {panel.title}"
