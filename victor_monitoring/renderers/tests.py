"""The rule tests of every alert, for `promtool test rules`."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import PurePosixPath

from victor_monitoring.base.artifacts import Artifact
from victor_monitoring.language.resolved.rules import rule_file
from victor_monitoring.language.resolved.spec import Resolved
from victor_monitoring.renderers.yaml_text import yaml_text
from victor_monitoring.rule_tests.derive import derive
from victor_monitoring.rule_tests.test_file import test_file

OUTPUT = "tests"


def render(spec: Resolved) -> Iterator[Artifact]:
    """Yield the tests of base's rules; none for a context, whose files are all applied to live systems."""
    rules = spec.outputs.get("rules")
    if spec.context is not None or rules is None:
        return
    path = PurePosixPath(spec.outputs[OUTPUT])
    data = test_file(
        derive(spec).cases,
        rule_files=[_relative_path(path, PurePosixPath(rules))],
        groups=rule_file(spec).names,
        evaluate=spec.evaluate,
    )
    yield Artifact(path, yaml_text(data, generated_from=spec.service.name), OUTPUT, spec.context)


def _relative_path(path: PurePosixPath, other: PurePosixPath) -> str:
    """Return the path of another file relative to the folder of `path`."""
    shared = 0
    while shared < min(len(path.parts), len(other.parts)) - 1 and path.parts[shared] == other.parts[shared]:
        shared += 1
    up = len(path.parts) - 1 - shared
    return "/".join([*[".."] * up, *other.parts[shared:]])
