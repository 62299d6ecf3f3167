"""Replacement of files, as rendered files and as the files of a host.

By rename, a reader sees the old or the new file, never a part of one; but the new file has another inode:
hard links and mounts still lead to the old one. In place, the inode is kept; but a reader may see a part of
the new content, and a kill may leave the file so. Until the end of the write, copies of the old and the new
content are next to the file, with which the next run restores it (`recover`).
"""

from __future__ import annotations

import contextlib
import errno
import os
import stat
import tempfile
import time
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import BinaryIO, Final, NamedTuple

from victor_monitoring.base.diagnostics import UserError
from victor_monitoring.base.file_state import Attributes, attributes, give, is_mounted_alone
from victor_monitoring.base.files import DENIED, explained, permits, read, temporary_name

try:
    import fcntl
except ImportError:  # Windows
    fcntl = None  # type: ignore[assignment]  # no locks

# A concurrent run may remove this run's temporary file as a leftover, or its new folder as an empty one.
# Each run cleans up once, so this many attempts suffice for many concurrent runs.
_ATTEMPTS: Final = 20
_PATIENCE: Final = 5.0  # seconds that another run may write the same file
_NO_RENAME: Final = {*DENIED, errno.EBUSY, errno.EXDEV}  # also of a mount point


def replace(contents: Mapping[Path, bytes]) -> None:
    """Replace the files at the given paths, each by rename if the new file has all attributes of the old.

    A file with hard links or mounts of its own, or whose attributes or folder do not permit a rename, is
    written in place; if that is not permitted either, it is replaced without the attributes. All contents are
    written to temporary files before the first replacement: a full disk leaves every file unchanged.
    """
    _replace(contents, may_lose=True)


def overwrite(path: Path, content: bytes, was: Attributes | None = None) -> None:
    """Write a file that other programs own or read; it keeps its inode and attributes.

    A new file gets the attributes `was`, if given. Raises UserError if an existing one would lose its own.
    """
    # In place whenever the file exists: a container that mounts the single file (`-v ./a.yml:/etc/a.yml`)
    # keeps the inode that it was started with, and its mount is not visible here. These files are read on
    # request, after the write, so that a reader seldom sees a part of one.
    with explained("write", path):
        try:
            _write_in_place(path, content)
        except OSError as error:
            if not isinstance(error, FileNotFoundError) and error.errno not in DENIED:
                raise
        else:
            return
    _replace({path: content}, may_lose=False, was=was)


def recover(path: Path) -> bool:
    """Restore a file that a killed run has written in part; return whether it was. Remove the copies.

    Raises UserError if the file has changed since.
    """
    for folder in (path.parent, *filter(_is_private, _spare_folders())):
        copies = _copies(path, folder)
        if any(map(os.path.lexists, copies)) and path.is_file():
            with explained("restore", path), _opened(path) as file:
                return _recovered(path, file, copies)
    return False


def _recovered(path: Path, file: BinaryIO, copies: _Copies) -> bool:
    present, old, new = file.read(), read(copies.old), read(copies.new)
    if old is None or new is None or present in (old, new):
        copies.remove()
        return False
    if not _is_part(present, old, new):
        message = f"`{path}` has changed since a killed run wrote a part of it"
        hint = f"compare it with its content before, `{copies.old}`, then remove that copy"
        raise UserError(message, hint)
    _fill(file, old)
    copies.remove()
    return True


def _replace(contents: Mapping[Path, bytes], *, may_lose: bool, was: Attributes | None = None) -> None:
    temporaries: list[Path] = []
    try:
        for path, content in contents.items():
            with explained("write", path):
                temporaries.append(path.with_name(temporary_name()))
                temporaries[-1] = _staged(temporaries[-1], path, content, was)
        for (path, content), temporary in zip(contents.items(), temporaries, strict=True):
            with explained("write", path):
                _put(path, temporary, content, may_lose=may_lose)
    finally:
        for temporary in temporaries:
            with contextlib.suppress(OSError):
                temporary.unlink(missing_ok=True)


def _staged(temporary: Path, path: Path, content: bytes, was: Attributes | None) -> Path:
    """Write the content to a temporary file; elsewhere if the folder of an existing file refuses it."""
    try:
        _write_temporary(temporary, path, content, was)
    except OSError as error:
        if error.errno not in DENIED or not path.is_file():
            raise
        spare = _spare_folder()
        if spare is None:
            raise
        temporary = spare / temporary_name(f"staged {path.absolute()}")
        temporary.unlink(missing_ok=True)  # of a killed run
        _write_temporary(temporary, path, content)
    return temporary


def _put(path: Path, temporary: Path, content: bytes, *, may_lose: bool) -> None:
    is_rename = temporary.parent == path.parent
    if not (is_rename and _keeps(path, temporary)):
        try:
            _write_in_place(path, content)
        except OSError as error:
            if error.errno not in DENIED or not (is_rename and may_lose):
                raise
        else:
            return
    try:
        _rename(temporary, path, content)
    except OSError as error:
        if error.errno not in _NO_RENAME or not path.is_file():
            raise
        _write_in_place(path, content)


def _keeps(path: Path, temporary: Path) -> bool:
    """Return whether renaming the temporary file to `path` changes the content only, or adds a file."""
    try:
        if path.stat().st_nlink > 1 or is_mounted_alone(path):
            return False
        return attributes(path) == attributes(temporary)
    except FileNotFoundError:
        return True  # another run has removed the temporary file: it is written again


def _write_in_place(path: Path, content: bytes) -> None:
    """Write the file at `path` without replacing it; its old content is restored if that fails."""
    with _opened(path) as file:
        was = attributes(path)
        old = file.read()
        with _copied(path, old, content):
            try:
                _fill(file, content)
            except BaseException:
                _fill(file, old)  # not a full disk: its blocks are still there
                raise
        give(path, was)  # a write removes the special bits of the mode


@contextlib.contextmanager
def _opened(path: Path) -> Iterator[BinaryIO]:
    """Open an existing file, no link, for reading and writing; lock it against other runs."""
    flags = os.O_RDWR | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_BINARY", 0)
    with open(os.open(path, flags), "r+b", buffering=0) as file:  # noqa: PTH123 - Path.open follows links
        deadline = time.monotonic() + _PATIENCE
        while fcntl is not None:
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                if time.monotonic() > deadline:
                    raise
                time.sleep(0.01)
            except OSError:
                break  # the file system has no locks
            else:
                break
        yield file


def _fill(file: BinaryIO, content: bytes) -> None:
    """Write and sync the content over the old one, and only then cut the rest: the file is never empty."""
    file.seek(0)
    rest = memoryview(content)
    while rest:
        rest = rest[file.write(rest) :]
    file.truncate(len(content))
    os.fsync(file.fileno())


def _is_part(present: bytes, old: bytes, new: bytes) -> bool:
    """Return whether `present` begins as `new` and goes on as `old`, as `_fill` leaves a file when killed."""
    pairs = enumerate(zip(present, new, strict=False))
    at = next((index for index, (one, other) in pairs if one != other), min(len(present), len(new)))
    return present[at:] == old[at:]


class _Copies(NamedTuple):
    """The paths of the copies of a file's old and new content, and of one that is not complete."""

    old: Path
    new: Path
    incomplete: Path

    def write(self, old: bytes, new: bytes) -> None:
        """Write both, readable by this user alone; the old one exists only when both are complete."""
        for copy, content in ((self.new, new), (self.old, old)):
            self.incomplete.unlink(missing_ok=True)
            descriptor = os.open(self.incomplete, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
            with open(descriptor, "wb") as file:  # noqa: PTH123 - Path.open takes no mode
                file.write(content)
                file.flush()
                os.fsync(file.fileno())
            self.incomplete.replace(copy)

    def remove(self) -> None:
        """Remove them, the old one first: without it, nothing is restored."""
        for copy in self:
            copy.unlink(missing_ok=True)


def _copies(path: Path, folder: Path) -> _Copies:
    """Return the paths of the copies of `path` in a folder: always the same, for the next run."""
    key = path.name if folder == path.parent else str(path.absolute())
    return _Copies(*(folder / temporary_name(f"{each} {key}") for each in _Copies._fields))


@contextlib.contextmanager
def _copied(path: Path, old: bytes, new: bytes) -> Iterator[None]:
    """Keep copies of both contents until the block ends, or longer if the file is then neither."""
    copies = _copies(path, path.parent)
    try:
        try:
            copies.write(old, new)
        except OSError as error:
            spare = _spare_folder()
            if error.errno not in DENIED or spare is None:
                raise
            copies = _copies(path, spare)
            copies.write(old, new)
        yield
    finally:
        if path.read_bytes() in (old, new):
            copies.remove()


def _spare_folders() -> list[Path]:
    """Return the folders for copies of files whose own folder refuses them; they need not exist."""
    state = os.environ.get("XDG_STATE_HOME")
    user = os.geteuid() if hasattr(os, "geteuid") else 0
    folders = [Path(tempfile.gettempdir(), f"victor-mon-{user}")]
    with contextlib.suppress(RuntimeError):  # no home
        folders.insert(0, (Path(state) if state else Path.home() / ".local/state") / "victor-mon")
    return folders


def _spare_folder() -> Path | None:
    """Return the first of these folders that can be written, created if necessary; None without one."""
    for folder in _spare_folders():
        with contextlib.suppress(OSError):
            folder.parent.mkdir(parents=True, exist_ok=True)
            folder.mkdir(mode=0o700, exist_ok=True)
            if _is_private(folder) and permits(folder, os.W_OK | os.X_OK):
                return folder
    return None


def _is_private(folder: Path) -> bool:
    """Return whether it is a folder of this user, and not put there by another one."""
    try:
        status = folder.lstat()
    except OSError:
        return False
    is_own = not hasattr(os, "geteuid") or status.st_uid == os.geteuid()
    return stat.S_ISDIR(status.st_mode) and is_own


def _write_temporary(temporary: Path, path: Path, content: bytes, was: Attributes | None = None) -> None:
    """Write and sync `content` to the new file `temporary`, with the attributes of any file at `path`.

    They are set before the content is written; without a file at `path`, they are `was`, if given.
    """
    with _created(temporary) as file:
        with contextlib.suppress(FileNotFoundError):  # another run has removed one of the two
            wanted = attributes(path) if path.is_file() else was
            if wanted is not None:
                give(temporary, wanted)
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
