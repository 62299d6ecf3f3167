"""Alerts, resolved."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from victor_monitoring.language.model import alerts as written_alerts
from victor_monitoring.language.model import spec as written
from victor_monitoring.language.resolved.metrics import label_pairs, owner, owners
from victor_monitoring.language.resolved.spec import Alert, Component, Group, Service, UnknownName
from victor_monitoring.language.resolved.time_scale import TimeScale
from victor_monitoring.language.syntax.tree import Path
from victor_monitoring.promql.evaluation.evaluator import absent_labels
from victor_monitoring.signals.alert import GUARD_SENSES, Guard
from victor_monitoring.signals.quantity import ABSENT
from victor_monitoring.signals.signal import LabelPairs, Signal


def _selected(signal: Signal) -> dict[str, str]:
    """Return the labels that `select` sets and `absent()` loses: it has those of a plain selector only."""
    own = dict(absent_labels(signal.value()))
    return {label: value for label, value in signal.select.fixed.items() if label not in own}


class AlertResolver:
    """Resolves the alerts of one spec; `unknown` collects the undefined names."""

    def __init__(
        self,
        spec: written.Spec,
        service: Service,
        components: Mapping[str, Component],
        signals: Mapping[str, Signal],
        scale: TimeScale,
        groups: Mapping[str, Group],
        evaluate: int,
    ) -> None:
        self._spec, self._service, self._scale = spec, service, scale
        self._components, self._signals = components, signals
        self._groups, self._evaluate = groups, evaluate
        self._owners = owners(components.values())
        self.unknown: list[UnknownName] = []

    def all(self) -> tuple[Alert, ...]:
        """Return every alert that can be resolved, in the order of the spec."""
        found = (
            self._alert(group, key, alert)
            for group, alerts in self._spec.alerts.items()
            for key, alert in (alerts or {}).items()
        )
        return tuple(alert for alert in found if alert is not None)

    def _alert(self, group: str, key: str, alert: written_alerts.Alert) -> Alert | None:
        path: Path = ("alerts", group, key)
        signal = self._signal(alert.signal, (*path, "signal"))
        guards = dict(self._guards(alert, path))
        if alert.severity is not None and alert.severity not in self._spec.severities:
            self.unknown.append(UnknownName("severity", alert.severity, (*path, "severity")))
        if alert.component is not None and alert.component not in self._components:
            self.unknown.append(UnknownName("component", alert.component, (*path, "component")))
        known = {keys: guard for keys, guard in guards.items() if guard is not None}
        if signal is None or len(known) < len(guards):
            return None
        component = alert.component or owner(signal, self._owners) or self._service.name
        return Alert(
            id=key,
            name=alert.name or key,
            group=group,
            signal=signal,
            condition=signal.condition(alert.when),
            guards=tuple(known.values()),
            guard_keys=tuple(known),
            pending=self._scale(alert.for_),
            keep_firing=None if alert.keep_firing_for is None else self._scale(alert.keep_firing_for),
            detect_within=None if alert.detect_within is None else self._scale(alert.detect_within),
            severity=alert.severity,
            component=component,
            labels=self._labels(alert, signal, component),
            summary=alert.summary,
            evaluate=self._groups[group].evaluate if group in self._groups else self._evaluate,
            runbook=alert.runbook
            or (None if "runbook_url" in alert.annotations else self._service.runbook(key)),
            description=alert.description,
            actions=tuple(alert.actions),
            annotations=label_pairs(alert.annotations),
            own_labels=label_pairs(alert.labels),
            own_runbook=alert.runbook,
        )

    def _signal(self, name: str, path: Path) -> Signal | None:
        if name not in self._spec.signals:
            self.unknown.append(UnknownName("signal", name, path))
        return self._signals.get(name)

    def _guards(self, alert: written_alerts.Alert, path: Path) -> Iterator[tuple[Path, Guard | None]]:
        """Yield the guards of an alert in order, by their keys; None for one on a signal that is unknown."""
        for sense in GUARD_SENSES:
            for keys, guard in alert.guards(sense):
                signal = self._signal(guard.signal, (*path, *keys, "signal"))
                yield keys, None if signal is None else Guard(sense, signal, signal.condition(guard.when))

    def _labels(self, alert: written_alerts.Alert, signal: Signal, component: str) -> LabelPairs:
        """Return the labels of the rule; of equal ones the last wins.

        They are those of `select` that raw PromQL or an absence loses, the service's, the component's, the
        alert's own, and the fixed ones.
        """
        section = self._components.get(component)
        return label_pairs(
            {
                **(_selected(signal) if alert.when.op == ABSENT else signal.lost),
                **dict(self._service.labels),
                **(dict(section.labels) if section else {}),
                **alert.labels,
                **self._service.fixed_labels(alert.severity, component, alert.signal),
            }
        )
