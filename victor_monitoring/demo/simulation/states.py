"""States of a simulated target: healthy, or with certain alerts firing."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from victor_monitoring.demo.simulation.levels import (
    allowing_levels,
    conditions_on,
    faulty_level,
    healthy_level,
    in_order,
    is_met,
    steady_values,
)
from victor_monitoring.demo.simulation.natural import natural
from victor_monitoring.language.resolved.spec import Alert, Resolved
from victor_monitoring.signals.alert import Guard
from victor_monitoring.signals.metric import Population, SeriesKey
from victor_monitoring.signals.quantity import Condition
from victor_monitoring.signals.signal import Signal
from victor_monitoring.signals.synthesis import by_label_set, series_in, set_level

_ROUNDS = 8  # signals that share series change each other: repeat until they are stable, if they can be


def healthy(spec: Resolved, seed: int) -> Population:
    """Return a population in which no alert fires, if possible; `met` returns those that still fire."""
    population = natural(spec, seed)
    for signal in _alerted_last(spec):
        population = _healthy(spec, signal, population)
    for _ in range(_ROUNDS):
        firing = met(spec, population)
        if not firing:
            break
        for alert in firing:
            population = _healthy(spec, alert.signal, population)
    return population


def faulty(spec: Resolved, population: Population, alerts: Sequence[Alert]) -> Population:
    """Return the population changed so that these alerts fire; others fire only if they read the same series.

    One label set of each signal becomes faulty, the others do not change.
    """
    for alert in in_order(spec, alerts):
        population = _broken(spec, alert, population)
    return population


def met(spec: Resolved, population: Population) -> list[Alert]:
    """Return the alerts whose condition is met while all guards allow firing."""
    return [
        alert
        for alert in spec.alerts
        if is_met(alert.signal, alert.condition, population)
        and all(_allows(guard, population) for guard in alert.guards)
    ]


def implied(spec: Resolved, alert: Alert) -> Iterator[Alert]:
    """Yield the alert and those that may fire with it: on the same signal, a score of it, or a part of it."""
    parts = {each.name for each in alert.signal.with_parts()}
    for other in spec.alerts:
        other_parts = {each.name for each in other.signal.with_parts()}
        if alert.signal.name in other_parts or other.signal.name in parts:
            yield other


def deciding(alert: Alert, population: Population) -> set[SeriesKey]:
    """Return the series that the alert's condition and guards read."""
    return {series for _, signal, _ in alert.conditions for series in series_in(signal, population)}


def _alerted_last(spec: Resolved) -> list[Signal]:
    """Return the signals without parts; those with alerts are last, so that their levels prevail."""
    plain = [signal for signal in spec.signals.values() if not signal.kind.parts()]
    return sorted(plain, key=lambda signal: bool(conditions_on(spec, signal)))


def _healthy(spec: Resolved, signal: Signal, population: Population) -> Population:
    """Return the population with the signal, or all its parts, at a healthy level."""
    for _, part in signal.kind.parts():
        population = _healthy(spec, part, population)
    conditions = conditions_on(spec, signal)
    level = None if signal.kind.parts() else healthy_level(signal, conditions)
    if level is None or _is_ample(signal, conditions, level, population):
        return population
    return _at(signal, level, population)


def _is_ample(signal: Signal, conditions: Sequence[Condition], level: float, population: Population) -> bool:
    """Return whether only low values are bad, without an upper bound, and the signal is above the level.

    A lower level would leave few events in a window, and rounding them would change ratios of them.
    """
    if not conditions or any(each.high_is_bad for each in conditions) or signal.range.high is not None:
        return False
    values = steady_values(signal, population).values()
    return bool(values) and min(values) >= level


def _broken(spec: Resolved, alert: Alert, population: Population) -> Population:
    """Return the population with the alert's condition met in one label set, and its guards passed in all."""
    for signal, level in allowing_levels(alert):
        if not all(_allows(each, population) for each in alert.guards if each.signal.name == signal.name):
            population = _at(signal, level, population)
    if not alert.condition.is_comparison:
        return population
    sets = by_label_set(alert.signal, population)
    bad = dict(next(iter(sets.values()), {}))
    return {**population, **_at(alert.signal, faulty_level(spec, alert), bad)}


def _allows(guard: Guard, population: Population) -> bool:
    return guard.allows(is_met=is_met(guard.signal, guard.condition, population))


def _at(signal: Signal, level: float, population: Population) -> Population:
    """Return the population with the signal at `level`; unchanged if its series cannot reach it."""
    try:
        return set_level(signal, level, population)
    except ValueError:
        return population
