"""A runbook for each alert: its texts, its actions, and its conditions in base and each context."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from victor_monitoring.language.resolved.detection import detection
from victor_monitoring.language.resolved.meta import MetaAlert, meta_alerts
from victor_monitoring.language.resolved.spec import Alert, Meta, Resolved
from victor_monitoring.promql.duration import duration_text
from victor_monitoring.promql.printer import text
from victor_monitoring.renderers.docs.markdown import (
    code,
    condition,
    generated_comment,
    lasting,
    prose,
    table,
)

Page = tuple[str, Iterator[str]]

# The meaning and the actions of each meta alert; the same for every service.
_META: Final[Mapping[str, tuple[str, tuple[str, ...]]]] = {
    "TargetDown": (
        "Prometheus cannot scrape a target, so none of its alerts can fire.",
        (
            "See under Targets in Prometheus why the scrape fails: address, timeout, invalid response",
            "Check whether the program runs, and read the end of its log",
        ),
    ),
    "ServiceAbsent": (
        "Prometheus knows no healthy target, so no alert of the service can fire.",
        (
            "See under Targets in Prometheus whether any is listed; if not, service discovery finds none",
            "Compare the labels of the targets with those that are selected below",
        ),
    ),
    "MetricMissing": (
        "A target is up and does not export a metric that always exists, so alerts stay silent for it.",
        (
            "Fetch the metrics from the target itself, and search them for the metric's name",
            "Look for a release that renamed or dropped it, or for a part that was never started",
        ),
    ),
}


@dataclass(frozen=True, slots=True)
class _Related:
    """The alerts, panels and places that pages of alerts refer to, found once for all pages.

    `alerts` and `panels` (their titles) are by the name of a signal, `places` by the id of an alert: its
    conditions in base and each context, and the longest time to its sending.
    """

    alerts: Mapping[str, Sequence[Alert]]
    panels: Mapping[str, Sequence[str]]
    places: Mapping[str, Sequence[Sequence[str]]]


def runbooks(spec: Resolved) -> Iterator[Page]:
    """Yield the name and lines of each page: of the spec's alerts, then of meta alerts."""
    related = _related(spec)
    for alert in spec.alerts:
        yield alert.id, _runbook(spec, alert, related)
    if spec.meta is not None:
        alerts = list(meta_alerts(spec))
        for name in dict.fromkeys(alert.name for alert in alerts):
            yield name, _meta_runbook(spec, spec.meta, name, [each for each in alerts if each.name == name])


def _related(spec: Resolved) -> _Related:
    alerts: dict[str, list[Alert]] = {}
    for alert in spec.alerts:
        alerts.setdefault(alert.signal.name, []).append(alert)
    panels: dict[str, list[str]] = {}
    for panel in spec.panels:
        for name in dict.fromkeys(signal.name for signal in panel.signals):
            panels.setdefault(name, []).append(prose(panel.title))
    places: dict[str, list[Sequence[str]]] = {}
    for place, context in (("base", spec), *spec.contexts.items()):
        for alert in context.alerts:
            within = duration_text(detection(context, alert).milliseconds)
            row = (place, condition(alert), lasting(alert), alert.severity or "none", within)
            places.setdefault(alert.id, []).append(row)
    return _Related(alerts, panels, places)


def _runbook(spec: Resolved, alert: Alert, related: _Related) -> Iterator[str]:
    yield from (generated_comment(spec), "", f"# {alert.id}", "")
    if alert.name != alert.id:
        yield from (f"Its name in Prometheus is {code(alert.name)}.", "")
    if alert.summary:
        yield from (
            f"> {prose(alert.summary.text.replace('{threshold}', alert.condition.threshold.text))}",
            "",
        )
    if alert.description:
        yield from (prose(alert.description.text), "")
    yield from _annotations(alert)
    yield from _actions([prose(action.text) for action in alert.actions])
    yield from ("## When it fires", "")
    yield from table(("where", "when", "for", "severity", "sent within"), related.places[alert.id])
    link = f"[{prose(alert.signal.title)}](README.md#{alert.signal.name})"
    yield from (f"It watches {link}, {prose(alert.signal.kind.words(alert.signal))}:", "")
    yield from ("```promql", text(alert.expr), "```", "")
    yield from _see_also(alert, related)


def _annotations(alert: Alert) -> Iterator[str]:
    """Yield the annotations that are templates of Prometheus."""
    if alert.annotations:
        rows = [(code(name), code(" ".join(value.split()))) for name, value in alert.annotations]
        yield from table(("annotation", "template"), rows)


def _actions(actions: Sequence[str]) -> Iterator[str]:
    if actions:
        yield from ("## What to do", "")
        yield from (f"{number}. {action}" for number, action in enumerate(actions, start=1))
        yield ""


def _see_also(alert: Alert, related: _Related) -> Iterator[str]:
    others = [each for each in related.alerts[alert.signal.name] if each.id != alert.id]
    panels = related.panels.get(alert.signal.name)
    labels = ", ".join(code(f"{label}={value}") for label, value in alert.labels)
    yield from ("## See also", "")
    if alert.own_runbook:
        yield f"- Its own runbook: {prose(alert.own_runbook)}"
    for other in others:
        severity = other.severity or "no severity"
        yield f"- [{other.id}]({other.id}.md), on the same signal: {condition(other)} ({severity})"
    if panels:
        yield f"- On the dashboard: {', '.join(panels)}"
    yield from (f"- Labels: {labels}", "")


def _meta_runbook(spec: Resolved, meta: Meta, name: str, alerts: Sequence[MetaAlert]) -> Iterator[str]:
    """Yield the lines of one page for all alerts of one name; they differ in their selectors."""
    meaning, actions = _META[name]
    yield from (generated_comment(spec), "", f"# {name}", "", meaning, "")
    yield from _actions(actions)
    yield from ("## When it fires", "")
    yield from table(("where", "for", "severity"), _meta_places(spec, meta))
    yield from (f"When {'this' if len(alerts) == 1 else 'any of these'} has a result:", "")
    for alert in alerts:
        yield from ("```promql", text(alert.expr), "```", "")


def _meta_places(spec: Resolved, meta: Meta) -> Iterator[tuple[str, str, str]]:
    for name, found in (("base", meta), *((name, each.meta) for name, each in spec.contexts.items())):
        if found is not None:
            yield name, duration_text(found.pending), found.severity
