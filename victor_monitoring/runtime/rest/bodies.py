"""JSON response bodies from snapshots, signals and alerts of a process."""

from __future__ import annotations

import math
import os
import time
from collections.abc import Collection, Iterable, Mapping
from typing import Any

from pydantic_core import to_json

from victor_monitoring.runtime.alert_states import AlertState
from victor_monitoring.runtime.evaluator import SeriesValue, SignalValues
from victor_monitoring.runtime.registry_module import RegistryModule
from victor_monitoring.runtime.rest.alert_models import own_labels
from victor_monitoring.runtime.snapshot import Distribution, Point, Section, Snapshot
from victor_monitoring.signals.kinds.score import Score


class ResponseBodies:
    """The response bodies of one process. They match `models` by construction and are not validated again."""

    def __init__(self, module: RegistryModule, instance: str, context: str | None) -> None:
        self._module, self._instance, self._context = module, instance, context
        self._attributes: dict[str, list[str]] = {component: [] for component in module.endpoint_of}
        for metric in module.metrics.values():
            self._attributes[metric.component].append(metric.attribute)

    def sections(
        self, snapshot: Snapshot, signals: Collection[SignalValues] | None, alerts: Collection[AlertState]
    ) -> dict[str, Any]:
        """Return the body with the snapshot's sections; each begins with its signals, unless they are None.

        Signals without a component come before the sections.
        """
        by_component: dict[str | None, dict[str, Any]] = {}
        by_signal: dict[str, list[AlertState]] = {}
        for alert in alerts:
            by_signal.setdefault(alert.alert.signal.name, []).append(alert)
        for each in signals or ():
            own = by_component.setdefault(each.component, {})
            own[each.signal.name] = _signal(each, by_signal.get(each.signal.name, ()))

        def signals_of(component: str | None) -> Mapping[str, Any]:
            if signals is None or (component is None and None not in by_component):
                return {}
            return {"signals": by_component.get(component, {})}

        sections = {
            name: {**signals_of(name), **self._section(section)}
            for name, section in snapshot.sections.items()
        }
        return {**self._origin(snapshot.time), **signals_of(None), "sections": sections}

    def alerts(self, alerts: Iterable[AlertState]) -> dict[str, Any]:
        """Return the body with every alert and its series."""
        return {**self._origin(time.time()), "alerts": [_alert(each) for each in alerts]}

    def health(self, signals: Collection[SignalValues], alerts: Collection[AlertState]) -> dict[str, Any]:
        """Return the body with the verdict and the alerts, signals and scores behind it."""
        firing = [each.alert for each in alerts if each.state == "firing"]
        ranked = self._module.severities
        found = {alert.severity for alert in firing if alert.severity in ranked}
        return {
            **self._origin(time.time()),
            "verdict": max(found, key=lambda severity: ranked.index(severity or ""), default="ok"),
            "firing": [alert.id for alert in firing],
            "pending": [each.alert.id for each in alerts if each.state == "pending"],
            "silent": [each.signal.name for each in signals if _is_silent(each)],
            "scores": [_score(each, signals) for each in signals if isinstance(each.signal.kind, Score)],
        }

    def _origin(self, measured: float) -> Mapping[str, Any]:
        """Return the fields common to all bodies: the origin and the time of the measurement."""
        return {
            "service": self._module.service,
            "context": self._context,
            "instance": self._instance,
            "pid": os.getpid(),
            "time": measured,
        }

    def _section(self, section: Section) -> Mapping[str, Any]:
        metrics = {
            attribute: [_series(each) for each in section.metrics.get(attribute, ())]
            for attribute in self._attributes[section.component]
        }
        return {"fault": section.fault, "metrics": metrics}


def json(answer: Mapping[str, Any]) -> bytes:
    """Return the body as JSON; NaN and infinities, which JSON does not have, are null."""
    return to_json(answer, inf_nan_mode="null")


def _series(series: Point | Distribution) -> Mapping[str, Any]:
    if isinstance(series, Point):
        return {"labels": series.labels, "value": series.value}
    return {
        "labels": series.labels,
        "count": series.count,
        "sum": series.sum,
        "buckets": series.buckets,
    }


def _signal(each: SignalValues, alerts: Iterable[AlertState]) -> Mapping[str, Any]:
    """Return a signal with its value, or with its values by their labels, and the states of its alerts."""
    values = _values(each)
    if not (each.is_open or own_labels(each.signal.by)):
        (first,) = values[:1] or [{"value": None, "text": _text(each, math.nan)}]
        shown = {"value": first["value"], "text": first["text"]}
    else:
        shown = {"values": values}
    return {
        "title": each.signal.title,
        **shown,
        "unit": str(each.signal.unit),
        "alerts": {
            state.alert.id: {
                "severity": state.alert.severity,
                "when": state.alert.when,
                "state": state.state,
            }
            for state in alerts
        },
        "query": each.query,
    }


def _values(each: SignalValues) -> list[dict[str, Any]]:
    return [
        {"labels": _own(value, each), "value": value.value, "text": _text(each, value.value)}
        for value in each.values
    ]


def _own(value: SeriesValue, each: SignalValues) -> Mapping[str, str]:
    """Return the labels by which the values of one process differ."""
    signal = each.signal
    if each.is_open:
        shared = {"instance", *signal.scope, *signal.select.labels}
        return {label: text for label, text in value.labels.items() if label not in shared}
    return {label: value.labels[label] for label in own_labels(signal.by) if label in value.labels}


def _text(each: SignalValues, value: float) -> str:
    return each.fault or ("no data" if math.isnan(value) else each.signal.unit.format.text(value))


def _score(score: SignalValues, signals: Iterable[SignalValues]) -> Mapping[str, Any]:
    titles = {each.signal.name: each.signal.title for each in signals}
    lost = [(name, value) for name, values in score.losses.items() for value in values]
    losses = [
        {"signal": name, "title": titles[name], "labels": _own(value, score), "points": value.value}
        for name, value in sorted(lost, key=lambda pair: -pair[1].value)
    ]
    return {
        "signal": score.signal.name,
        "title": score.signal.title,
        "query": score.query,
        "fault": score.fault,
        "values": _values(score),
        "losses": losses,
    }


def _is_silent(each: SignalValues) -> bool:
    return each.fault is None and all(math.isnan(value.value) for value in each.values)


def _alert(each: AlertState) -> Mapping[str, Any]:
    alert = each.alert
    return {
        "id": alert.id,
        "name": alert.name,
        "group": alert.group,
        "severity": alert.severity,
        "component": alert.component,
        "signal": alert.signal.name,
        "when": alert.when,
        "pending_for": alert.pending / 1000,
        "summary": alert.summary_text,
        "runbook": alert.runbook,
        "annotations": dict(alert.annotations),
        "state": each.state,
        "series": [
            {
                "labels": series.labels,
                "annotations": series.annotations,
                "state": series.state,
                "value": series.value,
                "since": series.since / 1000,
            }
            for series in each.series
        ],
    }
