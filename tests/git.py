"""Git repositories of tests."""

from __future__ import annotations

import subprocess
from pathlib import Path


def git(folder: Path, *arguments: str, text: str = "") -> str:
    """Run a git command in `folder` with `text` as its input; return its output, and fail if it does."""
    author = ("-c", "user.name=A", "-c", "user.email=a@example.org")
    command = ["git", *author, *arguments]
    ended = subprocess.run(command, cwd=folder, input=text, text=True, capture_output=True, check=False)
    assert ended.returncode == 0, ended.stdout + ended.stderr
    return ended.stdout


def track(folder: Path) -> None:
    """Add every file under `folder` to the repository that it is in, so that git can restore them."""
    git(folder, "add", "--ignore-removal", ".")
