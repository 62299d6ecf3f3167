"""The rules of a spec, with annotations in Prometheus' template language."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from victor_monitoring.language.resolved.meta import MetaAlert, meta_alerts
from victor_monitoring.language.resolved.spec import Alert, Resolved
from victor_monitoring.promql.rules import Rule, RuleFile, RuleGroup
from victor_monitoring.signals.signal import LabelPairs, Signal
from victor_monitoring.signals.template import Template


def rule_file(spec: Resolved) -> RuleFile:
    """Return the groups: recordings that no alert reads, the spec's groups, then the meta group.

    Groups of the same name are merged. Each recording precedes the first alert that reads it. Groups with
    more rules than the live systems of the context accept are split.
    """
    whole = _whole_file(spec)
    return whole if spec.rules_per_group is None else whole.split(spec.rules_per_group)


def parts(spec: Resolved) -> Mapping[tuple[str, str], str]:
    """Return the rendered group of each rule, by its kind and id; empty where no group is split."""
    found = rule_file(spec)
    if found.names == _whole_file(spec).names:
        return {}
    return {(rule.kind, rule.id): group.name for group in found.groups for rule in group.rules}


def _whole_file(spec: Resolved) -> RuleFile:
    rest: list[Rule] = []
    groups = {spec.recording_group: rest}
    recorded: set[str] = set()
    for alert in spec.alerts:
        group = groups.setdefault(alert.group, [])
        for signal in alert.signals:
            group += _recordings(signal, recorded)
        group.append(_alert_rule(alert))
    for signal in spec.signals.values():
        rest += _recordings(signal, recorded)
    if spec.meta:
        group = groups.setdefault(spec.meta.group, [])
        group += (_meta_rule(spec, alert, spec.meta.pending) for alert in meta_alerts(spec))
    found = ((name, spec.group(name), tuple(rules)) for name, rules in groups.items() if rules)
    return RuleFile(
        tuple(
            RuleGroup(name, None if each.is_servers else each.evaluate, rules, each.limit)
            for name, each, rules in found
        )
    )


def _recordings(signal: Signal, recorded: set[str]) -> Iterator[Rule]:
    """Yield the rules that record the parts of a signal and the signal, each once."""
    for each in signal.with_parts():
        if each.name not in recorded:
            recorded.add(each.name)
            yield from each.recordings()


def _alert_rule(alert: Alert) -> Rule:
    def written(template: Template) -> str:
        return template.filled(lambda name: _placeholder(name, alert))

    texts = {
        "summary": written(alert.summary) if alert.summary else None,
        "description": written(alert.description) if alert.description else None,
        "actions": "\n".join(f"- {written(action)}" for action in alert.actions) or None,
        **dict(alert.annotations),
    }
    return Rule(
        "alert",
        alert.name,
        alert.expr,
        alert.labels,
        _annotations(texts, alert.runbook),
        alert.pending,
        alert.keep_firing,
        alert.id,
    )


def _meta_rule(spec: Resolved, alert: MetaAlert, pending: int) -> Rule:
    texts = {"summary": alert.summary.filled(_label), "description": alert.description}
    annotations = _annotations(texts, spec.service.runbook(alert.name))
    return Rule("alert", alert.name, alert.expr, tuple(alert.labels.items()), annotations, pending)


def _annotations(texts: Mapping[str, str | None], runbook: str | None) -> LabelPairs:
    """Return the texts that an alert has, and the address of its runbook if it has one."""
    found = {**texts, "runbook_url": texts.get("runbook_url", runbook)}
    return tuple((name, text) for name, text in found.items() if text is not None)


def _placeholder(name: str, alert: Alert) -> str:
    match name:
        case "value":
            return alert.signal.unit.format.template()
        case "threshold":
            return alert.condition.threshold.text
        case label:
            return _label(label)


def _label(name: str) -> str:
    return f"{{{{ $labels.{name} }}}}"
