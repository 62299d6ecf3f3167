"""The rule groups in the order of the spec, each recording before the first alert that reads it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import TypeAlias

from victor_monitoring.language.resolved.meta import MetaAlert, meta_alerts
from victor_monitoring.language.resolved.spec import Alert, Meta, Resolved
from victor_monitoring.promql.duration import duration_text
from victor_monitoring.promql.tree import Binary, Call, Expr, Matcher, Vector, number, text
from victor_monitoring.renderers.rules.annotations import alert_annotations, runbook
from victor_monitoring.signals.signal import Recording, Signal
from victor_monitoring.signals.template import Placeholder

RuleData: TypeAlias = Mapping[str, object]


@dataclass(frozen=True, slots=True)
class RuleGroup:
    """A rule group; Prometheus evaluates its rules in order."""

    name: str
    rules: list[RuleData] = field(default_factory=list)


def rule_groups(spec: Resolved) -> list[RuleGroup]:
    """Return the groups: recordings that no alert reads, the spec's groups, then the meta group.

    Groups of the same name are merged.
    """
    groups: dict[str, RuleGroup] = {}

    def group_of(name: str) -> RuleGroup:
        return groups.setdefault(name, RuleGroup(name))

    rest = group_of(f"{spec.service.name.replace('-', '_')}_recording")
    recorded: set[str] = set()
    for alert in spec.alerts:
        group = group_of(alert.group)
        for signal in alert.signals:
            group.rules.extend(_recordings(signal, recorded))
        group.rules.append(alert_rule(spec, alert))
    for signal in spec.signals.values():
        rest.rules.extend(_recordings(signal, recorded))
    if spec.meta:
        group_of(spec.meta.group).rules.extend(meta_rules(spec, spec.meta))
    return [group for group in groups.values() if group.rules]


def _recordings(signal: Signal, recorded: set[str]) -> Iterator[RuleData]:
    """Yield the rules that record a signal and its parts, each once."""
    if signal.name in recorded:
        return
    recorded.add(signal.name)
    for _, part in signal.kind.parts():
        yield from _recordings(part, recorded)
    for recording in signal.recordings():
        yield recording_rule(recording)


def recording_rule(recording: Recording) -> RuleData:
    """Return a recording rule as Prometheus reads it."""
    labels = {"labels": dict(recording.labels)} if recording.labels else {}
    return {"record": recording.record, "expr": text(recording.expr), **labels}


def alert_rule(spec: Resolved, alert: Alert) -> RuleData:
    """Return an alerting rule as Prometheus reads it."""
    rule: dict[str, object] = {"alert": alert.name, "expr": text(alert.expr)}
    if alert.pending:
        rule["for"] = duration_text(alert.pending)
    if alert.keep_firing is not None:
        rule["keep_firing_for"] = duration_text(alert.keep_firing)
    return {**rule, "labels": dict(alert.labels), "annotations": alert_annotations(spec, alert)}


def meta_rules(spec: Resolved, meta: Meta) -> Iterator[Mapping[str, object]]:
    """Yield the alerting rule of each meta alert."""
    for alert in meta_alerts(spec):
        rule: dict[str, object] = {"alert": alert.name, "expr": text(_expr(spec, alert))}
        if meta.pending:
            rule["for"] = duration_text(meta.pending)
        summary = "".join(
            f"{{{{ $labels.{piece.name} }}}}" if isinstance(piece, Placeholder) else piece
            for piece in alert.summary.pieces
        )
        annotations = {"summary": summary, "description": alert.description, **runbook(spec, alert.name)}
        yield {**rule, "labels": dict(alert.labels), "annotations": annotations}


def _expr(spec: Resolved, alert: MetaAlert) -> Expr:
    match alert.watches:
        case "target":
            return _is_up(alert.select, 0)
        case "service":
            return Call("absent", (_is_up(alert.select, 1),))
        case "metric":
            return _missing(spec, alert)


def _is_up(select: tuple[Matcher, ...], value: int) -> Expr:
    return Binary("==", Vector("up", select), number(value))


def _missing(spec: Resolved, alert: MetaAlert) -> Expr:
    assert alert.component is not None  # every alert that watches a metric has a component
    assert alert.component.anchor is not None  # only components with an anchor have the alert
    on = dict.fromkeys((*(matcher.label for matcher in alert.select), *spec.service.scope, "instance"))
    return Binary("unless", _is_up(alert.select, 1), alert.component.anchor.vector(alert.select), tuple(on))
