"""The example specs: free of findings, and rendered as they say."""

from __future__ import annotations

import re
from pathlib import Path, PurePosixPath

import pytest
import yaml

from tests.cli.commands import tree, victor_mon
from tests.rules.rendered import EXAMPLES, ROOT, artifacts, compiled, places

OPERATOR = "operator"


@pytest.mark.parametrize("name", EXAMPLES)
def test_an_example_has_no_findings(name: str) -> None:
    """No check finds anything, not even a note, and no acknowledgement is needed for that."""
    assert list(compiled(name).diagnostics) == []
    assert "ack:" not in EXAMPLES[name].read_text(encoding="utf-8")


@pytest.mark.parametrize("name", EXAMPLES)
def test_the_files_of_an_example_are_as_rendered(name: str, tmp_path: Path) -> None:
    """`check` finds no difference after `generate`, in base and in all contexts."""
    options = ("--spec", str(EXAMPLES[name]), "--out", str(tmp_path))
    assert victor_mon(ROOT, "generate", *options).status == 0
    rendered = {each.path.as_posix() for place in places([name]) for each in artifacts(place)}
    assert rendered <= tree(tmp_path).keys()
    assert victor_mon(ROOT, "check", *options).status == 0


def test_argo_cd_finds_the_operator_example() -> None:
    """The Application in its comment reads the folder of the context, a kustomization in its namespace."""
    text = EXAMPLES[OPERATOR].read_text(encoding="utf-8")
    lines = re.findall(r"^#   (.*)$", text, re.MULTILINE)
    application = yaml.safe_load("\n".join(lines))
    assert (application["apiVersion"], application["kind"]) == ("argoproj.io/v1alpha1", "Application")
    (context,) = compiled(OPERATOR).contexts
    source, destination = application["spec"]["source"], application["spec"]["destination"]
    paths = [each.path for place in places([OPERATOR]) if place.context for each in artifacts(place)]
    assert PurePosixPath(source["path"], "kustomization.yaml") in paths
    assert destination["namespace"] == compiled(OPERATOR).contexts[context].service.namespace
