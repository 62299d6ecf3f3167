"""The state of a file: content, mode, owner, group, extended attributes such as ACLs, device and inode."""

from __future__ import annotations

import contextlib
import os
import stat
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Final

_ACL: Final = "system.posix_acl_access"
_READERS: Final = ((stat.S_IRUSR, stat.S_IXUSR), (stat.S_IRGRP, stat.S_IXGRP), (stat.S_IROTH, stat.S_IXOTH))
_MOUNTS: Final = Path("/proc/self/mountinfo")  # of Linux
_MOUNTED: Final = 10  # fields of its lines, at least


@dataclass(frozen=True, slots=True)
class Attributes:
    """Mode with special bits, ids of owner and group, and extended attributes by name.

    A platform without `os.listxattr` has no extended attributes here.
    """

    mode: int
    owner: int
    group: int
    extended: Mapping[str, bytes]


@dataclass(frozen=True, slots=True)
class FileState:
    """A file at one moment; `inode` is its device and number, which hard links and mounts of it depend on."""

    content: bytes = field(repr=False)
    attributes: Attributes
    inode: tuple[int, int]

    def differing(self, other: FileState) -> list[str]:
        """Return in what the files differ, in words; empty if they agree in everything."""
        mine, its = self.attributes, other.attributes
        words = {
            "content": self.content != other.content,
            "mode": mine.mode != its.mode,
            "owner": mine.owner != its.owner,
            "group": mine.group != its.group,
        }
        names = sorted({*mine.extended.items()} ^ {*its.extended.items()})
        words |= {"ACL" if name == _ACL else f"attribute `{name}`": True for name, _ in names}
        words["inode"] = self.inode != other.inode
        return [word for word, differs in words.items() if differs]


def state_at(path: Path) -> FileState | None:
    """Return the state of the regular file at `path`, None if it is none; raise OSError on other errors."""
    try:
        status = path.lstat()
        if not stat.S_ISREG(status.st_mode):
            return None
        return FileState(path.read_bytes(), attributes(path), (status.st_dev, status.st_ino))
    except (FileNotFoundError, NotADirectoryError):
        return None


def attributes(path: Path) -> Attributes:
    """Return the attributes of a file; links are followed."""
    status = path.stat()
    return Attributes(stat.S_IMODE(status.st_mode), status.st_uid, status.st_gid, _extended(path))


def give(path: Path, wanted: Attributes) -> bool:
    """Give a file these attributes, as far as permitted; return whether it has all of them.

    Only root may change the owner; other users set at least the group, if it is one of theirs.
    """
    present = attributes(path)
    if hasattr(os, "chown") and (present.owner, present.group) != (wanted.owner, wanted.group):
        for owner in ((-1, wanted.group), (wanted.owner, -1)):
            with contextlib.suppress(PermissionError):
                os.chown(path, *owner)
    for name in present.extended.keys() - wanted.extended.keys():  # such as an ACL inherited from the folder
        with contextlib.suppress(OSError):
            os.removexattr(path, name)
    for name, value in wanted.extended.items():
        if present.extended.get(name) != value:
            with contextlib.suppress(OSError):
                os.setxattr(path, name, value)
    # After the owner and the ACL, which change the mode.
    if attributes(path).mode != wanted.mode:
        with contextlib.suppress(PermissionError):
            path.chmod(wanted.mode)
    return attributes(path) == wanted


def share(path: Path) -> None:
    """Give a file owner and group of its folder, and let all read it who may read the folder.

    As far as permitted, as `give`. The mask of new files (umask) does not matter.
    """
    folder, own = path.parent.stat(), attributes(path)
    readers = sum(read for read, enter in _READERS if folder.st_mode & read and folder.st_mode & enter)
    give(path, replace(own, mode=own.mode | readers, owner=folder.st_uid, group=folder.st_gid))


def only_readers(path: Path) -> str:
    """Return who may read a file that others may not: its owner, and its group if that may; else ``""``.

    Access by an ACL is not considered.
    """
    mode = path.stat().st_mode
    if mode & stat.S_IROTH:
        return ""
    owner = _named(path.owner, path.stat().st_uid)
    group = f" and the group `{_named(path.group, path.stat().st_gid)}`" if mode & stat.S_IRGRP else ""
    return f"`{owner}`{group}"


def is_mounted_alone(path: Path) -> bool:
    """Return whether the file is mounted by itself, at this path or elsewhere.

    A mount in another container cannot be seen: it is visible in that container only.
    """
    try:
        lines = [line.split() for line in _MOUNTS.read_text(encoding="utf-8", errors="replace").splitlines()]
    except OSError:
        return False
    mounts = [(line[2], _plain(line[3]), Path(_plain(line[4]))) for line in lines if len(line) >= _MOUNTED]
    real = path.resolve()
    around = [mount for mount in mounts if real.is_relative_to(mount[2])]
    if not around:
        return False
    # Of several mounts at one point, the last is on top.
    device, root, point = max(reversed(around), key=lambda mount: len(mount[2].parts))
    if point == real:
        return True
    source = str(Path(root) / real.relative_to(point))
    return any((each, at) == (device, source) for each, at, _ in mounts)


def _named(name: Callable[[], str], number: int) -> str:
    try:
        return name()
    except KeyError:  # no user or group of this machine, but perhaps of a container
        return str(number)


def _plain(field: str) -> str:
    """Return a field of the table of mounts without its octal escapes, such as a space."""
    for code in ("040", "011", "012", "134"):
        field = field.replace(f"\\{code}", chr(int(code, 8)))
    return field


def _extended(path: Path) -> dict[str, bytes]:
    found: dict[str, bytes] = {}
    if hasattr(os, "listxattr"):  # Linux
        with contextlib.suppress(OSError):  # a file system without them
            for name in sorted(os.listxattr(path)):
                with contextlib.suppress(OSError):  # removed since, or not readable by this user
                    found[name] = os.getxattr(path, name)
    return found
