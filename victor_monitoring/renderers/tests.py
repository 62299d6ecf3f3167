"""The rule tests of every alert, for `promtool test rules`."""

from __future__ import annotations

import posixpath
from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from pathlib import PurePosixPath

from victor_monitoring.base.artifacts import Artifact
from victor_monitoring.language.resolved.rules import rule_file
from victor_monitoring.language.resolved.spec import Resolved
from victor_monitoring.renderers.yaml_text import yaml_text
from victor_monitoring.rule_tests.case import Case
from victor_monitoring.rule_tests.derive import derive
from victor_monitoring.rule_tests.test_file import test_file

OUTPUT = "tests"


def render(spec: Resolved) -> Iterator[Artifact]:
    """Yield the tests of base's rules; none for a context, whose files are all applied to live systems."""
    rules = spec.outputs.get("rules")
    if spec.context is None and rules is not None:
        path = PurePosixPath(spec.outputs[OUTPUT])
        text = tests_text(spec, posixpath.relpath(rules, path.parent))
        yield Artifact(path, text, OUTPUT, spec.context)


def tests_text(spec: Resolved, rules: str) -> str:
    """Return the text of a test file; `rules` is the path of the rules file, relative to the test file."""
    cases, groups = [_case(spec, case) for case in derive(spec).cases], rule_file(spec).names
    data = test_file(cases, rule_files=[rules], groups=groups, evaluate=spec.evaluate)
    return yaml_text(data, generated_from=spec.service.name)


def _case(spec: Resolved, case: Case) -> Case:
    """Return the case with expectations that hold with all rules: by labels where alerts share a name."""
    counts = Counter(alert.name for alert in spec.alerts)
    shared = {alert.id: alert.labels for alert in spec.alerts if counts[alert.name] > 1}
    expected = (
        each.by_labels(shared[each.alert]) if each.alert in shared else each for each in case.expectations
    )
    return replace(case, expectations=tuple(expected))
