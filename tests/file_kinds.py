"""Kinds of files, each with what a replacement must keep: attributes, links, mounts."""

from __future__ import annotations

import contextlib
import os
import signal
import stat
import struct
import subprocess
import tempfile
import warnings
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import NoReturn

import pytest

from tests.conftest import NOBODY
from victor_monitoring.base import replacement
from victor_monitoring.base.file_state import FileState, state_at

GROUP = 12345
# Version 2; tag, permissions and id of each entry: owner, the user `nobody`, group, mask, others.
ACL = struct.pack("<I", 2) + b"".join(
    struct.pack("<HHI", *entry)
    for entry in (
        (1, 6, 2**32 - 1),
        (2, 4, NOBODY),
        (4, 4, 2**32 - 1),
        (16, 4, 2**32 - 1),
        (32, 0, 2**32 - 1),
    )
)


@dataclass(frozen=True)
class Kind:
    """A kind of file; `keeps_inode`: even as a rendered file, since a rename would lose something.

    `make` changes an existing file to the kind until the block ends, and yields other paths of the same file.
    """

    name: str
    make: Callable[[Path], contextlib.AbstractContextManager[list[Path]]]
    keeps_inode: bool = False
    root: bool = False

    def __str__(self) -> str:
        return self.name


@contextlib.contextmanager
def _plain(path: Path) -> Iterator[list[Path]]:
    yield []


@contextlib.contextmanager
def _narrow(path: Path) -> Iterator[list[Path]]:
    path.chmod(0o640)
    yield []


@contextlib.contextmanager
def _owned(path: Path) -> Iterator[list[Path]]:
    os.chown(path, NOBODY, GROUP)
    yield []


@contextlib.contextmanager
def _acl(path: Path) -> Iterator[list[Path]]:
    set_attribute(path, "system.posix_acl_access", ACL)
    yield []


@contextlib.contextmanager
def _attribute(path: Path) -> Iterator[list[Path]]:
    set_attribute(path, "user.origin", b"by hand")
    yield []


@contextlib.contextmanager
def _hard_link(path: Path) -> Iterator[list[Path]]:
    other = path.with_name("other-link")
    other.hardlink_to(path)
    yield [other]


@contextlib.contextmanager
def _mounted_elsewhere(path: Path) -> Iterator[list[Path]]:
    other = path.with_name("mounted elsewhere")
    other.touch()
    with mounted(path, other):
        yield [other]


@contextlib.contextmanager
def _mount_point(path: Path) -> Iterator[list[Path]]:
    source = path.with_name("source-of-mount")
    path.rename(source)
    path.touch()
    with mounted(source, path):
        yield [source]


@contextlib.contextmanager
def _folder_without_right(path: Path) -> Iterator[list[Path]]:
    """Only the file may be written; this process is `nobody` from now on if it was root."""
    folder = path.parent
    os.chown(path, NOBODY if os.geteuid() == 0 else -1, -1)
    mode = stat.S_IMODE(folder.stat().st_mode)
    folder.chmod(0o555)
    root = os.geteuid() == 0
    if root:
        os.seteuid(NOBODY)
    try:
        yield []
    finally:
        if root:
            os.seteuid(0)
        folder.chmod(mode)


@contextlib.contextmanager
def _of_another_user(path: Path) -> Iterator[list[Path]]:
    """Let this process be `nobody`, who may write the file, and not give a new one its owner."""
    path.chmod(0o666)
    path.parent.chmod(0o777)
    os.seteuid(NOBODY)
    try:
        yield []
    finally:
        os.seteuid(0)


KINDS = (
    Kind("plain", _plain),
    Kind("mode 0640", _narrow),
    Kind("other owner and group", _owned, root=True),
    Kind("ACL", _acl),
    Kind("user attribute", _attribute),
    Kind("hard link", _hard_link, keeps_inode=True),
    Kind("mounted elsewhere", _mounted_elsewhere, keeps_inode=True, root=True),
    Kind("mount point", _mount_point, keeps_inode=True, root=True),
    Kind("file of another user", _of_another_user, keeps_inode=True, root=True),
    Kind("folder without the right to write", _folder_without_right, keeps_inode=True),
)


def set_attribute(path: Path, name: str, value: bytes) -> None:
    """Set an extended attribute; skip the test where there are none."""
    if not hasattr(os, "setxattr"):
        pytest.skip("this platform has no extended attributes")
    try:
        os.setxattr(path, name, value)
    except OSError as error:
        pytest.skip(f"the file system has no {name}: {error.strerror}")


@contextlib.contextmanager
def mounted(source: Path, at: Path, *options: str) -> Iterator[None]:
    """Bind the file `source` to the path `at` until the block ends; skip the test where this is denied."""
    done = subprocess.run(["mount", "--bind", source, at], capture_output=True, text=True, check=False)
    if done.returncode:
        pytest.skip(f"no bind mounts here: {done.stderr.strip()}")
    try:
        for option in options:
            subprocess.run(["mount", "-o", f"remount,bind,{option}", at], check=True)
        yield
    finally:
        subprocess.run(["umount", at], check=True)


@contextlib.contextmanager
def open_folder() -> Iterator[Path]:
    """Yield an empty folder that other users may enter, too, which pytest's own are not."""
    with tempfile.TemporaryDirectory() as folder:
        Path(folder).chmod(0o755)
        yield Path(folder)


@contextlib.contextmanager
def made(kind: Kind, path: Path) -> Iterator[list[Path]]:
    """Change an existing file to the kind until the block ends, and yield other paths of the same file."""
    if kind.root and os.geteuid() != 0:
        pytest.skip("only root changes owners and mounts files")
    with kind.make(path) as others:
        yield others


def state(path: Path) -> FileState:
    """Return the state of an existing file."""
    found = state_at(path)
    assert found is not None
    return found


def killed(run: Callable[[], object]) -> None:
    """Run a function in a child that is killed when a file is half written in place, or is to be renamed."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)  # of other threads, which are servers here
        child = os.fork()
    if child == 0:
        _die_in_the_middle()
        with contextlib.suppress(BaseException):
            run()
        os._exit(1)
    _, status = os.waitpid(child, 0)
    assert (os.WIFSIGNALED(status), os.WTERMSIG(status)) == (True, signal.SIGKILL)


def _die_in_the_middle() -> None:
    def die(*_: object) -> NoReturn:
        os.kill(os.getpid(), signal.SIGKILL)
        raise AssertionError

    def half(file: object, content: bytes) -> None:
        os.pwrite(file.fileno(), content[: len(content) // 2], 0)  # type: ignore[attr-defined]  # a file
        die()

    for name, function in ("_fill", half), ("_rename", die):
        assert hasattr(replacement, name)
        setattr(replacement, name, function)
