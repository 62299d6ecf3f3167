"""Levels of signals: healthy ones, and those at which an alert fires."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence

from victor_monitoring.language.resolved.spec import Alert, Resolved
from victor_monitoring.promql.samples import SampleSet, Series
from victor_monitoring.rule_tests.levels import GuardingSignal, guarding_signals
from victor_monitoring.signals.evaluation import evaluate
from victor_monitoring.signals.metric import Population
from victor_monitoring.signals.quantity import ABSENT, Condition
from victor_monitoring.signals.signal import LabelPairs, Signal
from victor_monitoring.signals.synthesis import has_synthesis, series_in, synthesis


def signal_levels(spec: Resolved, alerts: Sequence[Alert] = ()) -> dict[str, float]:
    """Return the level of each signal, by its name, at which these alerts fire and no others.

    A signal without a healthy level is left out, and so is one that is made of others: its parts have levels.
    """
    found: dict[str, float] = {}
    for signal in spec.signals.values():
        level = None if signal.kind.parts() else healthy_level(signal, conditions_on(spec, signal))
        if level is not None:
            found[signal.name] = level
    for alert in in_order(spec, alerts):
        if not (fires_at_a_level(alert) and has_synthesis(alert.signal)):
            continue
        found.update((signal.name, level) for signal, level in allowing_levels(alert))
        level = faulty_level(spec, alert)
        parts = synthesis(alert.signal).part_levels(level) or ((alert.signal, level),)
        found.update((signal.name, level) for signal, level in parts)
    return found


def in_order(spec: Resolved, alerts: Sequence[Alert]) -> list[Alert]:
    """Return the alerts sorted so that none undoes an earlier one: scores first, warning before critical."""
    return sorted(alerts, key=lambda alert: (not alert.signal.kind.parts(), spec.rank(alert.severity)))


def conditions_on(spec: Resolved, signal: Signal) -> list[Condition]:
    """Return the conditions of all alerts that compare a signal with a threshold."""
    found = (alert.condition for alert in spec.alerts if alert.signal.name == signal.name)
    return [each for each in found if each.is_comparison]


def fires_at_a_level(alert: Alert) -> bool:
    """Return whether levels of its signals, all of which have series, can make the alert fire."""
    return alert.condition.is_comparison and None not in map(_allowing_level, guarding_signals(alert))


def allowing_levels(alert: Alert) -> Iterator[tuple[Signal, float]]:
    """Yield each signal of the guards with a level at which they allow firing, if there is one."""
    for each in guarding_signals(alert):
        if (level := _allowing_level(each)) is not None:
            yield each.signal, level


def _allowing_level(guarding: GuardingSignal) -> float | None:
    return next((float(level) for level in guarding.allowing(50) if level is not None), None)


def healthy_level(signal: Signal, conditions: Sequence[Condition]) -> float | None:
    """Return a level far from every threshold; None if the conditions and the unit suggest none."""
    interval = signal.range
    others = [each for each in conditions if each.order is None]
    conditions = [each for each in conditions if each.order]
    if others and not conditions:
        value = float(others[0].threshold.value)
        return value if others[0].op == "!=" else value + 1
    high = [float(each.threshold.value) for each in conditions if each.high_is_bad]
    low = [float(each.threshold.value) for each in conditions if not each.high_is_bad]
    least = 0.0 if interval.low is None else float(interval.low)
    if high and low:
        return (min(high) + max(low)) / 2
    if high:
        level = max(least, least + 0.4 * (min(high) - least))
        return math.floor(level) if signal.unit.is_counted else level
    if low:
        threshold = max(low)
        most = threshold + abs(threshold) + 1 if interval.high is None else float(interval.high)
        level = threshold + 0.6 * (most - threshold)
        return math.ceil(level) if signal.unit.is_counted else level
    if signal.unit.whole is not None and interval.high == signal.unit.whole:
        return 0.4 * float(signal.unit.whole)
    return None


def faulty_level(spec: Resolved, alert: Alert) -> float:
    """Return a level at which the alert fires, but no alert on the signal with a threshold further off."""
    if alert.condition.op == "==":
        return float(alert.condition.threshold.value)
    threshold, sign = float(alert.condition.threshold.value), 1 if alert.condition.high_is_bad else -1
    beyond = [
        bound
        for other in spec.alerts
        if other.signal.name == alert.signal.name
        and other.condition.high_is_bad == alert.condition.high_is_bad
        and (bound := float(other.condition.threshold.value)) * sign > threshold * sign
    ]
    limit = min((each * sign for each in (*beyond, *_bounds(alert))), default=math.inf) * sign
    step = min(abs(threshold) / 2 or 1.0, abs(limit - threshold) / 2)
    level = threshold + sign * step
    if not alert.signal.unit.is_counted:
        return level
    whole = math.floor(threshold) + 1 if sign > 0 else math.ceil(threshold) - 1  # the nearest integer beyond
    return max(whole, math.floor(level)) if sign > 0 else min(whole, math.ceil(level))


def _bounds(alert: Alert) -> list[float]:
    """Return the end of the signal's range, and the whole of its unit if the threshold is lower."""
    interval, threshold = alert.signal.range, alert.condition.threshold.value
    whole = alert.signal.unit.whole
    end = interval.high if alert.condition.high_is_bad else interval.low
    bounds = [] if end is None else [float(end)]
    if whole is not None and alert.condition.high_is_bad and threshold < whole:
        bounds.append(float(whole))
    return bounds


def is_met(signal: Signal, condition: Condition, population: Population) -> bool:
    """Return whether the condition is met for any label set of the signal, or by there being none."""
    values = steady_values(signal, population).values()
    return not values if condition.op == ABSENT else any(map(condition.is_met, values))


def steady_values(signal: Signal, population: Population) -> Mapping[LabelPairs, float]:
    """Return the values of the signal on a target whose only labels are those of its `select`."""
    keys = series_in(signal, population)
    metrics = {name: metric for metric in signal.metrics() for name in metric.series_names}
    scrapes = 2 + max(each.window for each in signal.with_parts()) // signal.scrape
    times = [index * signal.scrape for index in range(scrapes + 1)]
    target = signal.select.example
    by_metric: dict[str, list[Series]] = {"up": [Series(target, times, [1.0] * len(times))]}
    for name, labels in keys:
        value, metric = population[name, labels], metrics[name]
        if name in metric.totals:
            values = [value * time / 1000 for time in times]
        else:
            values = [value + metric.unit.now(time / 1000) for time in times]
        by_metric.setdefault(name, []).append(Series({**target, **dict(labels)}, times, values))
    return evaluate(signal, SampleSet(by_metric), times[-1])
