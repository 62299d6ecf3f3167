"""Adoption from a wheel: a new environment, an empty repository, no clone and no root."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

from tests.cli.commands import ROOT

# Root without capabilities has no more rights than an ordinary user with the same files.
POWERLESS = ["setpriv", "--bounding-set=-all", "--inh-caps=-all", "--no-new-privs"]
LEFT_OUT = (".git", ".venv", ".tools", "node_modules", "__pycache__", ".*_cache")


def test_adopter(tmp_path: Path) -> None:
    """`init`, `generate`, `check` and `explain` work from the built wheel in an empty repository."""
    source = tmp_path / "source"
    shutil.copytree(ROOT, source, ignore=shutil.ignore_patterns(*LEFT_OUT))
    build = [
        sys.executable,
        "-m",
        "build",
        "--wheel",
        "--no-isolation",
        "--outdir",
        str(tmp_path),
        str(source),
    ]
    subprocess.run(build, check=True, capture_output=True)
    wheel = next(tmp_path.glob("*.whl"))
    subprocess.run([sys.executable, "-m", "venv", tmp_path / "venv"], check=True)
    scripts = tmp_path / "venv" / ("Scripts" if os.name == "nt" else "bin")
    python = str(scripts / "python")
    install = [python, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", str(wheel)]
    subprocess.run(install, check=True, capture_output=True)

    repository = tmp_path / "shop"
    repository.mkdir()
    subprocess.run(["git", "init", "--quiet", repository], check=True)
    drop = POWERLESS if os.name != "nt" and os.geteuid() == 0 else []
    env = {"PATH": os.environ["PATH"], "HOME": str(repository)}
    for arguments in (["init"], ["generate"], ["check"], ["explain", "HighErrorRatio"]):
        command = [*drop, str(scripts / "victor-mon"), *arguments]
        run = subprocess.run(command, cwd=repository, env=env, capture_output=True, text=True, check=False)
        assert run.returncode == 0, run.stderr
    assert "shop_error_ratio" in run.stdout
    assert {path.name for path in (repository / "generated").iterdir() if path.is_file()} == {
        "shop-alertmanager.yaml",
        "shop-alerts.yaml",
        "shop-dashboard.json",
        "shop_registry.py",
    }
