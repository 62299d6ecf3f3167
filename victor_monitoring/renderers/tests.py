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
from victor_monitoring.promql.duration import duration_text
from victor_monitoring.renderers.yaml_text import yaml_text
from victor_monitoring.rule_tests.case import Case
from victor_monitoring.rule_tests.derive import Cases, derive
from victor_monitoring.rule_tests.test_file import test_file

OUTPUT = "tests"


def render(spec: Resolved) -> Iterator[Artifact]:
    """Yield the tests of base's rules; none for a context, whose files are all applied to live systems."""
    rules = spec.outputs.get("rules")
    if spec.context is None and rules is not None:
        path = PurePosixPath(spec.outputs[OUTPUT])
        for name, text in test_texts(spec, path.name, posixpath.relpath(rules, path.parent)):
            yield Artifact(path.with_name(name), text, OUTPUT, spec.context)


def test_texts(spec: Resolved, name: str, rules: str) -> Iterator[tuple[str, str]]:
    """Yield the name and text of each test file; `rules` is the path of the rules file, relative to them.

    promtool evaluates all groups at one interval: the cases of groups with another one than the default
    are in files of their own, with the interval in the name.
    """
    groups = rule_file(spec).names
    cases: dict[int, list[Case]] = {spec.evaluate: []}
    derived = derive(spec)
    for case in derived.cases:
        cases.setdefault(case.evaluate, []).append(_case(derived, case))
    first, dot, rest = name.partition(".")
    for evaluate, own in cases.items():
        data = test_file(own, rule_files=[rules], groups=groups, evaluate=evaluate)
        found = name if evaluate == spec.evaluate else f"{first}-{duration_text(evaluate)}{dot}{rest}"
        yield found, yaml_text(data, generated_from=spec.service.name)


def _case(derived: Cases, case: Case) -> Case:
    """Return the case with expectations that hold with all rules.

    Alerts are compared by labels where several have a name, and where annotations are not known.
    """
    alerts = derived.spec.alerts
    counts = Counter(alert.name for alert in alerts)
    shared = {alert.id: alert.static_labels for alert in alerts if counts[alert.name] > 1}
    shared |= {alert.id: () for alert in alerts if counts[alert.name] == 1 and derived.unknown.get(alert.id)}
    expected = (
        each.by_labels(shared[each.alert]) if each.alert in shared else each for each in case.expectations
    )
    return replace(case, expectations=tuple(expected))
