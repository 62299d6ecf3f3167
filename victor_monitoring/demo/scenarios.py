"""Scenarios of a demo: faults of a service, and the alert that each must deliver."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from victor_monitoring.demo.scrape_targets import has_replicas
from victor_monitoring.demo.simulation import faults
from victor_monitoring.demo.simulation.levels import fires_at_a_level
from victor_monitoring.language.resolved.meta import METRIC_MISSING, SERVICE_ABSENT, TARGET_DOWN, meta_alerts
from victor_monitoring.language.resolved.spec import Alert, Resolved
from victor_monitoring.promql.duration import duration_text


@dataclass(frozen=True, slots=True)
class Scenario:
    """Faults of targets, and the alert that must be delivered, if any.

    `everywhere`: all targets have the faults, else only the first. `prometheus_only`: no target can detect
    them by itself. `silent`: no alert may fire.
    """

    name: str
    text: str
    faults: tuple[str, ...]
    expected: str | None
    everywhere: bool = True
    prometheus_only: bool = False
    silent: bool = False


def scenarios(spec: Resolved) -> dict[str, Scenario]:
    """Return every scenario by name: one for each alert on a threshold, and those that any service has."""
    found = [
        *(_of_alert(spec, alert) for alert in _playable(spec)),
        *_of_monitoring(spec),
        *_of_any_service(),
    ]
    return {each.name: each for each in found}


def default_scenario(spec: Resolved) -> Scenario:
    """Return the scenario of the most severe alert that fires soonest; a score's alert comes last."""
    by_name = scenarios(spec)
    if not _playable(spec):
        return next(iter(by_name.values()))

    def rank(alert: Alert) -> tuple[int, bool, int]:
        severity = spec.rank(alert.severity)
        return (-severity, bool(alert.signal.kind.parts()), alert.pending + alert.signal.window)

    return by_name[min(_playable(spec), key=rank).id]


def _playable(spec: Resolved) -> list[Alert]:
    """Return the alerts that fire at some levels of their signals."""
    return [alert for alert in spec.alerts if fires_at_a_level(alert)]


def _of_alert(spec: Resolved, alert: Alert) -> Scenario:
    pending = duration_text(alert.pending * spec.time_scale)
    text = f"{alert.signal.title} {_words(alert)} for {pending}: {alert.severity or 'no severity'}"
    return Scenario(alert.id, text, (alert.id,), alert.id)


def _words(alert: Alert) -> str:
    return "> 0" if alert.condition.is_any else alert.condition.text


def _of_monitoring(spec: Resolved) -> Iterator[Scenario]:
    if spec.meta is None:
        return
    watched = {alert.name for alert in meta_alerts(spec)}
    down = (faults.TARGET_DOWN,)
    if TARGET_DOWN in watched and has_replicas(spec):  # alone, it is muted by ServiceAbsent
        text = f"one target is down: {TARGET_DOWN}"
        yield Scenario(faults.TARGET_DOWN, text, down, TARGET_DOWN, everywhere=False, prometheus_only=True)
    if SERVICE_ABSENT in watched:
        text = f"every target is down: {SERVICE_ABSENT}"
        yield Scenario("service-absent", text, down, SERVICE_ABSENT, prometheus_only=True)
    for component in spec.components.values():
        if component.anchor is not None:
            name = f"{faults.METRIC_MISSING}{component.anchor.metric.name}"
            everywhere = not component.has_targets
            text = f"{'every' if everywhere else 'one'} target does not export it: {METRIC_MISSING}"
            yield Scenario(name, text, (name,), METRIC_MISSING, everywhere=everywhere, prometheus_only=True)


def _of_any_service() -> Iterator[Scenario]:
    text = "no traffic: ratios without data are silent"
    yield Scenario(faults.NO_TRAFFIC, text, (faults.NO_TRAFFIC,), None)
    text = "counters are reset repeatedly: no alert may fire"
    yield Scenario(faults.COUNTER_RESET, text, (faults.COUNTER_RESET,), None, silent=True)
