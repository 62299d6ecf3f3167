"""Runs of the command line, in this process, or in another where that is the point."""

from __future__ import annotations

import contextlib
import gc
import io
import os
import shutil
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from unittest import mock

import pytest

from tests.canaries import GUISES, watched
from tests.git import git
from victor_monitoring.cli import main

ROOT = Path(__file__).resolve().parents[2]
SPEC = Path("specs/performance.yaml")


@dataclass(frozen=True, slots=True)
class Outcome:
    """The exit status and the output of a command."""

    status: int
    out: str
    err: str


def victor_mon(folder: Path, *arguments: str, env: Mapping[str, str] | None = None) -> Outcome:
    """Run `victor-mon` with these arguments in `folder`; fail on a traceback, or on a secret in its output.

    It runs in this process, which saves half a second of imports: with an empty stdin, its own working
    directory and environment, and what it changes in this process restored.
    """
    out, err, collections = io.StringIO(), io.StringIO(), gc.get_threshold()
    with contextlib.ExitStack() as stack:
        stack.callback(gc.set_threshold, *collections)
        stack.enter_context(contextlib.chdir(folder))
        stack.enter_context(mock.patch.dict(os.environ, env or {}))
        stack.enter_context(mock.patch.object(sys, "argv", ["victor-mon", *arguments]))
        stack.enter_context(mock.patch.object(sys, "stdin", io.TextIOWrapper(io.BytesIO())))
        stack.enter_context(watched(out, err))
        stack.enter_context(contextlib.redirect_stdout(out))
        stack.enter_context(contextlib.redirect_stderr(err))
        with pytest.raises(SystemExit) as ended:
            main()
    status = ended.value.code or 0
    assert isinstance(status, int)
    assert "Traceback" not in err.getvalue(), err.getvalue()
    return Outcome(status, out.getvalue(), err.getvalue())


def in_own_process(
    folder: Path, *arguments: str, env: Mapping[str, str] | None = None, timeout: float = 60
) -> Outcome:
    """Do the same in another process, for what only a process has: a locale, a hash seed, children."""
    run = subprocess.run(
        [sys.executable, "-m", "victor_monitoring", *arguments],
        cwd=folder,
        env={**os.environ, "PYTHONPATH": str(ROOT), **(env or {})},
        capture_output=True,
        check=False,
        timeout=timeout,
    )
    outcome = Outcome(run.returncode, run.stdout.decode(), run.stderr.decode())
    assert "Traceback" not in outcome.err, outcome.err
    assert not any(guise in run.stdout + run.stderr for guise in GUISES)
    return outcome


def with_promtool(promtool: Path) -> dict[str, str]:
    """Return an environment with promtool on PATH."""
    return {"PATH": f"{promtool.parent}{os.pathsep}{os.environ['PATH']}"}


def project(folder: Path) -> Path:
    """Create a repository with the performance spec, and nothing rendered."""
    (folder / "specs").mkdir(parents=True)
    git(folder, "init", "--quiet", "--initial-branch=main")
    shutil.copy(ROOT / SPEC, folder / SPEC)
    return folder


def edit(path: Path, old: str, new: str) -> None:
    """Replace a text in the file; fail if the file does not contain it."""
    text = path.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new), encoding="utf-8")


def tree(folder: Path) -> dict[str, bytes]:
    """Return every file below the folder with its content, except specs and git."""
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in sorted(folder.rglob("*"))
        if path.is_file() and path.relative_to(folder).parts[0] not in ("specs", ".git")
    }
