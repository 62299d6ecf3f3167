"""Whole files: read and remove them, and find temporary ones; an `OSError` becomes a `UserError`."""

from __future__ import annotations

import contextlib
import errno
import hashlib
import os
import re
import stat
from collections.abc import Iterable, Iterator
from pathlib import Path

from victor_monitoring.base.diagnostics import UserError

_TEMPORARY = re.compile(r"\.victor-mon-[0-9a-f]{16}\.tmp")
_FULL = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}
DENIED = {errno.EACCES, errno.EPERM, errno.EROFS}


@contextlib.contextmanager
def explained(verb: str, path: Path) -> Iterator[None]:
    """Turn an `OSError` of the body into a UserError with the path and the repair."""
    try:
        yield
    except OSError as error:
        raise UserError(f"cannot {verb} `{path}`: {error.strerror or error}", _remedy(error, path)) from error


def resolved(path: Path) -> Path:
    """Return the path with all symbolic links followed; raise UserError if they form a cycle."""
    try:
        with explained("find", path):
            return path.resolve()
    except RuntimeError:  # before Python 3.13; since then opening the path fails
        raise UserError(f"`{path}` is a link that leads to itself", "replace it with a file") from None


def read(path: Path) -> bytes | None:
    """Return the content of the regular file at `path`; None if there is no regular file."""
    with explained("read", path):
        try:
            return path.read_bytes() if stat.S_ISREG(path.lstat().st_mode) else None
        except (FileNotFoundError, NotADirectoryError):
            return None


def remove(path: Path, root: Path) -> None:
    """Remove the file, then the folders between it and `root` that are empty without it."""
    with explained("remove", path):
        path.unlink(missing_ok=True)
    for folder in path.parents:
        if folder == root:
            return
        try:
            folder.rmdir()
        except OSError:  # not empty, or in use
            return


def leftovers(folders: Iterable[Path]) -> list[Path]:
    """Return the temporary files that aborted runs left in these folders, sorted."""
    found = []
    for folder in folders:
        with explained("read", folder):
            try:
                found += [each for each in folder.iterdir() if _is_leftover(each)]
            except (FileNotFoundError, NotADirectoryError):
                continue
    return sorted(found)


def permits(path: Path, mode: int) -> bool:
    """Return whether this user has these rights (`os.R_OK`, `os.W_OK`, `os.X_OK`) to what is at `path`."""
    return os.access(path, mode, effective_ids=os.access in os.supports_effective_ids)


def below(folder: Path, suffix: str) -> list[Path]:
    """Return the files below `folder` whose names end in `suffix`, sorted; links are not followed."""

    def refuse(error: OSError) -> None:
        if not isinstance(error, FileNotFoundError | NotADirectoryError):
            raise error

    with explained("read", folder):
        tree = os.walk(folder, onerror=refuse)
        return sorted(
            Path(parent, name) for parent, _, names in tree for name in names if name.endswith(suffix)
        )


def temporary_name(key: str | None = None) -> str:
    """Return the name of a temporary file: always the same for a key, a new one without."""
    number = (
        os.urandom(8).hex() if key is None else hashlib.sha256(key.encode("utf-8", "replace")).hexdigest()
    )
    return f".victor-mon-{number[:16]}.tmp"


def is_temporary(name: str) -> bool:
    """Return whether `name` is the name of a temporary file of this module."""
    return _TEMPORARY.fullmatch(name) is not None


def _is_leftover(path: Path) -> bool:
    return is_temporary(path.name) and path.is_file() and not path.is_symlink()


def _remedy(error: OSError, path: Path) -> str:
    if error.errno in _FULL:
        return "free some space, then run the command again: every file is whole, old or new"
    if error.errno in DENIED:
        return f"make `{path}` and its folder `{path.parent}` accessible to you, then run the command again"
    if error.errno == errno.ENAMETOOLONG:
        return "choose a shorter path under `outputs` in the spec"
    return "fix this, then run the command again: every file is whole, old or new"
