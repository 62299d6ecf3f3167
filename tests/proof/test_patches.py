"""Five mistakes in the compiler itself, each a patch: something must notice, and which does is written down.

The derived cases notice what changes a rule. What changes no rule, or rule and cases alike, is noticed by a
structural test, or by the checks of the spec.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

import pytest

from tests.cli.commands import ROOT, with_promtool

PATCHES = Path(__file__).with_name("patches")
# What the structural tests are: the alert table of the guide, selectors, and panels equal to alerts.
STRUCTURE = [
    "tests/rules/test_rules.py",
    "tests/rules/test_alert_table.py",
    "tests/renderers/test_dashboard.py",
]
NOTICED: Mapping[str, set[str]] = {
    "denominator-without-its-matcher": {"cases"},
    "for-lost": {"cases", "structure"},
    "millisecond-read-as-second": {"validate"},
    "select-lost-in-the-dashboard": {"structure"},
    "sum-for-max": {"cases"},
}


def test_every_patch_is_accounted_for() -> None:
    """No patch is forgotten, and none is only on paper."""
    assert {path.stem for path in PATCHES.glob("*.patch")} == NOTICED.keys()


@pytest.mark.prove
@pytest.mark.parametrize("patch", NOTICED)
def test_a_broken_compiler_is_noticed(promtool: Path, tmp_path: Path, patch: str) -> None:
    """By the spec's checks, by the derived cases, or by structural tests; by those alone that are named."""
    copy = tmp_path / "copy"
    for name in ("victor_monitoring", "specs", "tests", "generated"):
        shutil.copytree(
            ROOT / name, copy / name, ignore=shutil.ignore_patterns("__pycache__", "node_modules")
        )
    for name in ("pyproject.toml", "README.md"):
        shutil.copy(ROOT / name, copy)
    assert runs(copy, promtool, "-m", "victor_monitoring", "validate") == 0
    subprocess.run(["git", "apply", PATCHES / f"{patch}.patch"], cwd=copy, check=True)
    steps = {
        "validate": ("-m", "victor_monitoring", "validate"),
        "cases": ("-m", "victor_monitoring", "test", "--context", "staging"),
        "structure": ("-m", "pytest", "-q", "-n0", "-p", "no:cacheprovider", *STRUCTURE),
    }
    noticed = set()
    for name, arguments in steps.items():
        if runs(copy, promtool, *arguments) == 1:
            noticed.add(name)
        if "validate" in noticed:  # a spec with errors renders nothing that could be tried
            break
    assert noticed == NOTICED[patch]


def runs(folder: Path, promtool: Path, *arguments: str) -> int:
    """The exit status of a Python of this environment, with the copy's own package."""
    env = {**os.environ, "PYTHONPATH": str(folder), **with_promtool(promtool)}
    run = subprocess.run([sys.executable, *arguments], cwd=folder, env=env, capture_output=True, check=False)
    assert run.returncode in (0, 1), run.stderr.decode()
    return run.returncode
