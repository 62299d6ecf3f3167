"""The style of YAML that is written for users, as their hooks judge it."""

from __future__ import annotations

import datetime
import subprocess
import sys
from pathlib import Path

from victor_monitoring.app.pipeline import compile_spec, render
from victor_monitoring.base.spec_file import read
from victor_monitoring.cli.init import starter_spec

ROOT = Path(__file__).parents[2]


def yamllint(folder: Path) -> str:
    """Return the findings of yamllint with its defaults in the files of a folder, warnings included."""
    command = [sys.executable, "-m", "yamllint", "--strict", "--format", "parsable", "."]
    return subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False).stdout


def test_rendered_yaml_passes_yamllint(tmp_path: Path) -> None:
    """Each rendered file is passed over, by the mark in its first line."""
    spec = compile_spec(read(ROOT / "tests" / "checkout.yaml", "checkout"), today=datetime.date(2026, 1, 1))
    rendered = [each for each in render(spec) if each.path.suffix == ".yaml"]
    assert len(rendered) > 5
    for each in rendered:
        (tmp_path / each.path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / each.path).write_text(each.text, encoding="utf-8")
    assert yamllint(tmp_path) == ""


def test_a_starter_passes_yamllint(tmp_path: Path) -> None:
    """The spec that `init` writes has no finding if the service's name has a usual length."""
    for name in ("shop", "payments-gateway-eu"):
        (tmp_path / f"{name}.yaml").write_text(starter_spec(name), encoding="utf-8")
    assert yamllint(tmp_path) == ""
