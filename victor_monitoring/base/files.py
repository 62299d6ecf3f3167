"""Whole files: read, replace by rename, and remove them; an `OSError` becomes a `UserError`."""

from __future__ import annotations

import contextlib
import errno
import os
import re
import stat
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import BinaryIO

from victor_monitoring.base.diagnostics import UserError

_TEMPORARY = re.compile(r"\.victor-mon-[0-9a-f]{16}\.tmp")
# A concurrent run may remove this run's temporary file as a leftover, or its new folder as an empty one.
# Each run cleans up once, so this many attempts suffice for many concurrent runs.
_ATTEMPTS = 20
_FULL = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}
_DENIED = {errno.EACCES, errno.EPERM, errno.EROFS}


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


def replace(contents: Mapping[Path, bytes]) -> None:
    """Replace the files at the given paths, keeping their modes; no file is ever partially written.

    All contents are written to temporary files next to their targets before the first rename: a full disk or
    a folder without permission leaves every file unchanged.
    """
    staged = {path: path.with_name(f".victor-mon-{os.urandom(8).hex()}.tmp") for path in contents}
    try:
        for path, content in contents.items():
            with explained("write", path):
                _write_temporary(staged[path], path, content)
        for path, content in contents.items():
            with explained("write", path):
                _rename(staged[path], path, content)
    except BaseException:
        for temporary in staged.values():
            with contextlib.suppress(OSError):
                temporary.unlink(missing_ok=True)
        raise


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


def is_temporary(name: str) -> bool:
    """Return whether `name` is the name of a temporary file of this module."""
    return _TEMPORARY.fullmatch(name) is not None


def _is_leftover(path: Path) -> bool:
    return is_temporary(path.name) and path.is_file() and not path.is_symlink()


def _write_temporary(temporary: Path, path: Path, content: bytes) -> None:
    """Write and sync `content` to the new file `temporary`, with owner and mode of the file at `path`.

    The mode is set before the content is written. Only root can change the owner; other users keep at least
    the group.
    """
    with _created(temporary) as file:
        with contextlib.suppress(FileNotFoundError):
            status = path.stat()
            if hasattr(os, "chown") and (status.st_uid, status.st_gid) != (os.geteuid(), os.getegid()):
                for owner in ((-1, status.st_gid), (status.st_uid, -1)):
                    with contextlib.suppress(PermissionError):
                        os.chown(temporary, *owner)
            temporary.chmod(status.st_mode & 0o777)
        file.write(content)
        file.flush()
        os.fsync(file.fileno())


def _created(path: Path) -> BinaryIO:
    for _ in range(_ATTEMPTS):
        # Even with `exist_ok`, `mkdir` raises FileExistsError if the folder vanishes before its check.
        with contextlib.suppress(FileNotFoundError, FileExistsError):
            path.parent.mkdir(parents=True, exist_ok=True)
            return path.open("xb")
    return path.open("xb")


def _rename(temporary: Path, path: Path, content: bytes) -> None:
    for _ in range(_ATTEMPTS):
        try:
            temporary.replace(path)
        except FileNotFoundError:
            _write_temporary(temporary, path, content)
        else:
            return
    temporary.replace(path)


def _remedy(error: OSError, path: Path) -> str:
    if error.errno in _FULL:
        return "free some space, then run the command again: every file is whole, old or new"
    if error.errno in _DENIED:
        return f"make `{path}` and its folder `{path.parent}` accessible to you, then run the command again"
    if error.errno == errno.ENAMETOOLONG:
        return "choose a shorter path under `outputs` in the spec"
    return "fix this, then run the command again: every file is whole, old or new"
