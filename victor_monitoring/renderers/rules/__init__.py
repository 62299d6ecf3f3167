"""The Prometheus rules: recorded signals, alerts and the alerts on monitoring itself."""

from __future__ import annotations

from collections.abc import Iterator

from victor_monitoring.base.artifacts import Artifact
from victor_monitoring.language.resolved.outputs import artifact_path
from victor_monitoring.language.resolved.spec import Resolved
from victor_monitoring.promql.duration import duration_text
from victor_monitoring.renderers.rules.groups import RuleGroup, rule_groups
from victor_monitoring.renderers.yaml_text import yaml_text

OUTPUT = "rules"


def render(spec: Resolved) -> Iterator[Artifact]:
    """The rules file of the spec, for `promtool check rules` and everything that loads such files."""
    path = artifact_path(spec, OUTPUT)
    if path is not None:
        yield Artifact(path, rules_text(spec), OUTPUT, spec.context)


def rules_text(spec: Resolved) -> str:
    """The rules file's text."""
    return yaml_text(rule_data(spec), generated_from=spec.service.name)


def rule_data(spec: Resolved) -> dict[str, object]:
    """The rules as data, in the shape of the file and of an operator's object."""
    return {"groups": [_group(group, spec.evaluate) for group in rule_groups(spec)]}


def _group(group: RuleGroup, interval: int) -> dict[str, object]:
    return {"name": group.name, "interval": duration_text(interval), "rules": [dict(r) for r in group.rules]}
