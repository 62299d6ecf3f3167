"""Files as a whole: read, replaced by rename and removed; a failing system speaks as a `UserError`."""

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
# Another run may take our temporary file for a leftover, or our new folder for an empty one. It cleans up
# once, so that a few repetitions outlast many runs at a time.
_ATTEMPTS = 20
_FULL = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}
_DENIED = {errno.EACCES, errno.EPERM, errno.EROFS}


@contextlib.contextmanager
def explained(verb: str, path: Path) -> Iterator[None]:
    """An `OSError` inside becomes a `UserError` that names the path and what mends it."""
    try:
        yield
    except OSError as error:
        raise UserError(f"cannot {verb} `{path}`: {error.strerror or error}", _remedy(error, path)) from error


def resolved(path: Path) -> Path:
    """The path with all links followed; UserError where they lead in a circle."""
    try:
        with explained("find", path):
            return path.resolve()
    except RuntimeError:  # before Python 3.13; later whatever opens it says so
        raise UserError(f"`{path}` is a link that leads to itself", "put a file in its place") from None


def read(path: Path) -> bytes | None:
    """The content of the plain file at `path`; None if no plain file stands there."""
    with explained("read", path):
        try:
            return path.read_bytes() if stat.S_ISREG(path.lstat().st_mode) else None
        except (FileNotFoundError, NotADirectoryError):
            return None


def replace(contents: Mapping[Path, bytes]) -> None:
    """Each path holds its content, its mode kept; a file is old or new at every moment, never partial.

    All contents lie beside their targets before the first rename: a full disk or a folder without
    permission leaves every file as it was.
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
    """The file is gone, and so are the folders between it and `root` that held nothing else."""
    with explained("remove", path):
        path.unlink(missing_ok=True)
    for folder in path.parents:
        if folder == root:
            return
        try:
            folder.rmdir()
        except OSError:  # not empty, or in use: it stays
            return


def leftovers(folders: Iterable[Path]) -> list[Path]:
    """The temporary files in these folders that runs which were cut short have left, sorted."""
    found = []
    for folder in folders:
        with explained("read", folder):
            try:
                found += [each for each in folder.iterdir() if _is_leftover(each)]
            except (FileNotFoundError, NotADirectoryError):
                continue
    return sorted(found)


def below(folder: Path, suffix: str) -> list[Path]:
    """What lies below `folder`, folders apart, with a name that ends in `suffix`; links are not followed."""

    def refuse(error: OSError) -> None:
        if not isinstance(error, FileNotFoundError | NotADirectoryError):
            raise error

    with explained("read", folder):
        tree = os.walk(folder, onerror=refuse)
        return sorted(
            Path(parent, name) for parent, _, names in tree for name in names if name.endswith(suffix)
        )


def is_temporary(name: str) -> bool:
    """Whether `name` is kept for temporary files."""
    return _TEMPORARY.fullmatch(name) is not None


def _is_leftover(path: Path) -> bool:
    return is_temporary(path.name) and path.is_file() and not path.is_symlink()


def _write_temporary(temporary: Path, path: Path, content: bytes) -> None:
    """Write `content` to the new file `temporary`, down to the disk, owned and guarded as the file at `path`.

    Its mode is set before anything is in it. Only root gives a file away; others keep at least its group.
    """
    with _created(temporary) as file:
        with contextlib.suppress(FileNotFoundError):
            there = path.stat()
            if hasattr(os, "chown") and (there.st_uid, there.st_gid) != (os.geteuid(), os.getegid()):
                for owner in ((-1, there.st_gid), (there.st_uid, -1)):
                    with contextlib.suppress(PermissionError):
                        os.chown(temporary, *owner)
            temporary.chmod(there.st_mode & 0o777)
        file.write(content)
        file.flush()
        os.fsync(file.fileno())


def _created(path: Path) -> BinaryIO:
    for _ in range(_ATTEMPTS):
        # `mkdir` takes a folder that was there and vanished since for a file: then it says "exists".
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
    return "mend this, then run the command again: every file is whole, old or new"
