"""The client's multiprocess mode: its folder, and the files that processes have left in it at their end.

A process id does not tell whether its process is alive: containers that share the folder do not see the
processes of each other, and ids are reused. Each process therefore locks a mark in the folder until its end.
The kernel keeps the locks: they are seen in all containers, and end with the process, however it ends.
"""

from __future__ import annotations

import logging
import os
from contextlib import suppress
from pathlib import Path
from typing import Final

from prometheus_client.multiprocess import mark_process_dead
from prometheus_client.values import MutexValue, ValueClass

try:
    import fcntl
except ImportError:  # on Windows
    fcntl = None  # type: ignore[assignment]  # no marks, and nothing is removed

VARIABLE: Final = "PROMETHEUS_MULTIPROC_DIR"
_MARKS: Final = "*.alive"
_SHARED: Final = (
    "another process has the id %s, too, and writes to the same files in `%s`, so that values are wrong: "
    "give each container a `%s` of its own"
)
_LOGGER: Final = logging.getLogger(__name__)
_held: Final[dict[Path, int]] = {}  # this process's locked descriptor in each folder


def multiprocess_folder() -> Path | None:
    """Return the directory of the client's multiprocess mode; None if the mode is off.

    The client turns it on as it is imported: a variable that is set later has no effect. It also takes the
    variable in lower case.
    """
    folder = os.environ.get(VARIABLE) or os.environ.get(VARIABLE.lower())
    return Path(folder) if folder and ValueClass is not MutexValue else None


def mark_alive(folder: Path) -> None:
    """Lock this process's mark in the folder until its end; forked processes lock their own.

    Call it before metrics are created: until then the live gauges of an earlier process with this id may be
    removed. Log a warning if another live process has this id.
    """
    if fcntl is None:
        return
    if not _held:
        os.register_at_fork(after_in_child=_hold_as_child)
    if folder not in _held:
        _hold(folder)


def remove_ended(folder: Path) -> None:
    """Remove the live gauges of processes that have ended; one without a mark may be alive elsewhere."""
    for mark in folder.glob(_MARKS):
        if mark.stem.isdecimal():
            with suppress(OSError):  # its process is alive, or another process has removed the mark
                _remove_unlocked(mark)


def _remove_unlocked(mark: Path) -> None:
    """Remove a mark and the live gauges of its process; raise BlockingIOError if the process is alive."""
    with mark.open("r+b", buffering=0) as file:
        if os.fstat(file.fileno()).st_size:  # else its process is about to lock it
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            if _is_at(mark, file.fileno()):
                mark_process_dead(int(mark.stem), str(mark.parent))  # type: ignore[no-untyped-call] # the client's
                mark.unlink()


def _hold(folder: Path) -> None:
    with suppress(OSError):  # no such folder, or a file system without locks: then nothing is removed
        _held[folder] = _locked(folder / _MARKS.replace("*", str(os.getpid())))


def _hold_as_child() -> None:
    """Give up the marks of the parent process, which this one would keep locked, and lock its own."""
    folders = list(_held)
    while _held:
        os.close(_held.popitem()[1])
    for folder in folders:
        _hold(folder)


def _locked(mark: Path) -> int:
    """Return a descriptor of the mark with a lock that processes of the same id can share."""
    while True:
        descriptor = os.open(mark, os.O_RDWR | os.O_CREAT, 0o666)
        try:
            is_shared = not _locks_alone(descriptor)
            fcntl.flock(descriptor, fcntl.LOCK_SH)  # after the removal of the mark, if one is at work
            if _is_at(mark, descriptor):
                os.write(descriptor, b"\n")
                if is_shared:
                    _LOGGER.warning(_SHARED, mark.stem, mark.parent, VARIABLE)
                return descriptor
        except OSError:
            os.close(descriptor)
            raise
        os.close(descriptor)


def _locks_alone(descriptor: int) -> bool:
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _is_at(path: Path, descriptor: int) -> bool:
    """Return whether the open file is still that at the path."""
    with suppress(FileNotFoundError):
        return os.path.samestat(os.fstat(descriptor), path.stat())
    return False
