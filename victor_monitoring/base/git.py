"""The user's git, asked about files; nothing in the repository is changed."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Sequence
from pathlib import Path, PurePosixPath

from victor_monitoring.base.diagnostics import UserError


def git(folder: Path, *arguments: str) -> subprocess.CompletedProcess[bytes]:
    """Run a git command that only reads, in `folder`; return its result.

    Raises:
        UserError: git cannot be run.
    """
    try:
        return subprocess.run(  # noqa: S603 - the callers' arguments are no options but their own
            ["git", *arguments],  # noqa: S607 - the user's git
            cwd=folder,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            check=False,
            env=os.environ | {"GIT_OPTIONAL_LOCKS": "0"},
        )
    except FileNotFoundError:
        raise UserError("`git` is not on PATH", "install git") from None
    except OSError as error:
        raise UserError(f"`git` cannot be run: {error.strerror}", "repair its installation") from None


def restorable(folder: Path, paths: Sequence[PurePosixPath]) -> frozenset[PurePosixPath]:
    """Return those of the regular files `paths` in `folder` that git can restore: tracked and unchanged.

    The index decides: `git restore PATH` brings such a file back. Without git, or outside a
    repository, the result is empty.
    """
    if not paths:
        return frozenset()
    try:
        listed = git(folder, "ls-files", "-v", "--cached", "--modified", "-z")
    except UserError:
        return frozenset()
    entries = [] if listed.returncode else os.fsdecode(listed.stdout).split("\0")
    # `H` marks files that git compares: neither in conflict nor assumed to be unchanged.
    tracked = {entry[2:] for entry in entries if entry.startswith("H ")}
    modified = {entry[2:] for entry in entries if entry.startswith("C ")}
    return frozenset(paths) & frozenset(map(PurePosixPath, tracked - modified))
