"""The Prometheus rules: recorded signals, alerts and meta alerts."""

from __future__ import annotations

from collections.abc import Iterator

from victor_monitoring.base.artifacts import Artifact
from victor_monitoring.language.resolved.outputs import artifact_path
from victor_monitoring.language.resolved.rules import rule_file
from victor_monitoring.language.resolved.spec import Resolved
from victor_monitoring.renderers.yaml_text import yaml_text

OUTPUT = "rules"


def render(spec: Resolved) -> Iterator[Artifact]:
    """Yield the rules file of the spec, for Prometheus and compatible programs."""
    path = artifact_path(spec, OUTPUT)
    if path is not None:
        yield Artifact(path, rules_text(spec), OUTPUT, spec.context)


def rules_text(spec: Resolved) -> str:
    """Return the YAML text of the rules file."""
    return yaml_text(rule_file(spec).data(), generated_from=spec.service.name)
