"""Expected labels and annotations of alerts.

Templates of Prometheus can be computed if they only print labels, and the value in the format of a unit.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace
from typing import Final

from victor_monitoring.language.resolved.rules import rule_file
from victor_monitoring.language.resolved.spec import Alert, Resolved
from victor_monitoring.promql.rules import RuleFile
from victor_monitoring.rule_tests.case import Firing
from victor_monitoring.signals.template import has_go_template
from victor_monitoring.signals.units import UNITS

_ACTION: Final = re.compile(
    r"\{\{[ \t]*(?:\$labels\.(?P<label>[a-zA-Z_]\w*)|\$value[ \t]*\|[ \t]*(?P<pipeline>[^{}|]*?))[ \t]*\}\}",
    re.ASCII,
)
_FORMATS: Final = {unit.format.pipeline: unit.format.function for unit in UNITS.values()}


def firing(alert: Alert, series: Mapping[str, str], value: float) -> Firing:
    """Return the firing alert for a series of the alert's expression with these labels and this value."""
    texts = {
        "summary": alert.summary and alert.filled(alert.summary, series, value),
        "description": alert.description and alert.filled(alert.description, series, value),
        "actions": "\n".join(f"- {alert.filled(action, series, value)}" for action in alert.actions),
    }
    annotations = {name: text for name, text in texts.items() if text}
    if alert.runbook:
        annotations["runbook_url"] = alert.runbook
    uncomputable = _uncomputable(alert)
    annotations |= {
        name: _printed(text, series, value) for name, text in alert.annotations if name not in uncomputable
    }
    labels = {**series, **{label: _printed(text, series, value) for label, text in alert.labels}}
    return Firing({label: text for label, text in labels.items() if text}, annotations)


def computable_rules(spec: Resolved) -> RuleFile:
    """Return the rules without the annotations that cannot be computed."""
    left_out = {alert.id: _uncomputable(alert) for alert in spec.alerts}
    groups = (
        replace(
            group,
            rules=tuple(
                replace(rule, annotations=tuple(p for p in rule.annotations if p[0] not in left_out[rule.id]))
                if rule.kind == "alert" and left_out.get(rule.id)
                else rule
                for rule in group.rules
            ),
        )
        for group in rule_file(spec).groups
    )
    return RuleFile(tuple(groups))


def has_computable_annotations(alert: Alert) -> bool:
    """Return whether all annotations of the alert can be computed."""
    return not _uncomputable(alert)


def uncomputable_labels(alert: Alert) -> list[str]:
    """Return the labels of the alert whose templates cannot be computed."""
    return [label for label, text in alert.labels if not _is_computable(text)]


def _uncomputable(alert: Alert) -> frozenset[str]:
    return frozenset(name for name, text in alert.annotations if not _is_computable(text))


def _is_computable(text: str) -> bool:
    actions = list(_ACTION.finditer(text))
    is_known = all(found["label"] or found["pipeline"] in _FORMATS for found in actions)
    return is_known and not has_go_template(_ACTION.sub("", text))


def _printed(text: str, series: Mapping[str, str], value: float) -> str:
    """Return the text that Prometheus makes of a computable template."""

    def printed(found: re.Match[str]) -> str:
        return series.get(found["label"], "") if found["label"] else _FORMATS[found["pipeline"]](value)

    return _ACTION.sub(printed, text)
