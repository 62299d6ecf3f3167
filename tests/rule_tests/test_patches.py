"""Five mistakes in the compiler itself, each a patch, and the steps that must detect it.

The derived cases detect a mistake that changes a rule. One that changes no rule, or rule and cases alike, is
detected by a structural test or by the checks of the spec.
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
# The structural tests: the alert table, selectors, and panels equal to alerts.
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


def test_every_patch_is_listed() -> None:
    """Every patch has expected steps, and every listed patch exists."""
    assert {path.stem for path in PATCHES.glob("*.patch")} == NOTICED.keys()


@pytest.mark.prove
@pytest.mark.parametrize("patch", NOTICED)
def test_a_broken_compiler_is_noticed(promtool: Path, tmp_path: Path, patch: str) -> None:
    """Exactly the listed steps fail: the spec's checks, the derived cases or the structural tests."""
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
        if "validate" in noticed:  # a spec with errors renders nothing to test
            break
    assert noticed == NOTICED[patch]


def runs(folder: Path, promtool: Path, *arguments: str) -> int:
    """Run this environment's Python with the copy's package, and return its exit status."""
    env = {**os.environ, "PYTHONPATH": str(folder), **with_promtool(promtool)}
    run = subprocess.run([sys.executable, *arguments], cwd=folder, env=env, capture_output=True, check=False)
    assert run.returncode in (0, 1), run.stderr.decode()
    return run.returncode
