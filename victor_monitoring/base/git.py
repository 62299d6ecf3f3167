"""The user's git, asked about files; nothing in the repository is changed.

A hook has variables that name its repository, and git would take the folder of a command for the top of that
one's tree: the folder decides instead. Messages are in English, so that they can be recognised.
"""

from __future__ import annotations

import os
import re
import subprocess
from collections.abc import Sequence
from pathlib import Path, PurePosixPath
from typing import Final

from victor_monitoring.base.diagnostics import UserError, unknown_name_hint

# Those of `git rev-parse --local-env-vars`, without the ones that configure git.
_OF_A_REPOSITORY: Final = frozenset({
    "GIT_ALTERNATE_OBJECT_DIRECTORIES", "GIT_COMMON_DIR", "GIT_DIR", "GIT_GRAFT_FILE",
    "GIT_IMPLICIT_WORK_TREE", "GIT_INDEX_FILE", "GIT_INTERNAL_SUPER_PREFIX", "GIT_NO_REPLACE_OBJECTS",
    "GIT_OBJECT_DIRECTORY", "GIT_PREFIX", "GIT_REPLACE_REF_BASE", "GIT_SHALLOW_FILE", "GIT_WORK_TREE",
})  # fmt: skip
_OBJECT: Final = re.compile(r"[0-9a-f]{7,64}")
_BRANCH: Final = re.compile(r"[\w./-]+")


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
            env={
                **{name: value for name, value in os.environ.items() if name not in _OF_A_REPOSITORY},
                "GIT_OPTIONAL_LOCKS": "0",
                "LC_ALL": "C",
            },
        )
    except FileNotFoundError:
        raise UserError("`git` is not on PATH", "install git") from None
    except OSError as error:
        raise UserError(f"`git` cannot be run: {error.strerror}", "repair its installation") from None


def content_at(folder: Path, revision: str, name: str) -> bytes | None:
    """Return the content of the file `name` in `folder` at a revision; None if there is no such file then.

    Raises:
        UserError: the folder is in no repository that git reads, or the revision is not there.
    """
    done = git(folder, "cat-file", "blob", f"{revision}:./{name}")
    if done.returncode == 0:
        return done.stdout
    _require(folder, revision)
    return None


def names_at(folder: Path, revision: str) -> list[str]:
    """Return the names of the regular files that `folder` has at a revision; empty if it is not there then.

    Raises:
        UserError: the folder is in no repository that git reads, or the revision is not there.
    """
    _require(folder, revision)
    listed = git(folder, "ls-tree", "-z", revision)
    entries = os.fsdecode(listed.stdout).split("\0") if listed.returncode == 0 else []
    return [entry.partition("\t")[2] for entry in entries if entry.startswith("100")]


def _require(folder: Path, revision: str) -> None:
    """Raise UserError unless git has the revision in the repository of the folder."""
    if git(folder, "cat-file", "-e", f"{revision}^{{tree}}").returncode == 0:
        return
    found = git(folder, "rev-parse", "--is-shallow-repository")
    if found.returncode:
        reason = found.stderr.decode("utf-8", "replace")
        if "dubious ownership" in reason:
            hint = f"if you trust it: git config --global --add safe.directory {_quoted(reason) or folder}"
            raise UserError(f"git does not read `{folder}`, which another user owns", hint)
        message = f"`{folder}` is in no git repository"
        raise UserError(message, "run the command in a clone, or compare contexts: --context NAME")
    message = f"there is no revision `{revision}`"
    if found.stdout.strip() == b"true":
        raise UserError(
            f"{message}: the clone is shallow", f"fetch it: git fetch {_fetched(folder, revision)}"
        )
    listed = git(folder, "for-each-ref", "--format=%(refname:short)")
    known = os.fsdecode(listed.stdout).split()
    raise UserError(message, unknown_name_hint(revision, known, "list them: git log --oneline --all"))


def _quoted(message: str) -> str:
    """Return the path that git quotes in a message about it."""
    found = re.search(r"'(.+)'", message)
    return found[1] if found else ""


def _fetched(folder: Path, revision: str) -> str:
    """Return the arguments of `git fetch` that bring a missing revision into a shallow clone."""
    remotes = os.fsdecode(git(folder, "remote").stdout).split()
    remote = next((each for each in remotes if revision.startswith(f"{each}/")), "")
    if remote:
        branch = revision.removeprefix(f"{remote}/")
        return f"--depth=1 {remote} {branch}:refs/remotes/{revision}"
    remote = remotes[0] if remotes else "origin"
    if _OBJECT.fullmatch(revision):
        return f"--depth=1 {remote} {revision}"
    return f"--depth=1 {remote} {revision}:{revision}" if _BRANCH.fullmatch(revision) else "--unshallow"


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
