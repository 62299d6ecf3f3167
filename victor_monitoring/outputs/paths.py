"""Checks of a path under a root: links among its components, and existing files or folders in the way.

The root itself may be reached through links; everything below it is checked component by component.
"""

from __future__ import annotations

import os
import stat
import unicodedata
from pathlib import Path, PurePosixPath

from victor_monitoring.base.files import explained

_JUNCTION = 0xA0000003  # IO_REPARSE_TAG_MOUNT_POINT: a folder link of Windows; `lstat` reports a folder


def link_on(root: Path, path: PurePosixPath) -> PurePosixPath | None:
    """Return the first component of `path` below `root` that is a link, itself included; else None."""
    for part in _downwards(path):
        status = _lstat(root / part)
        if status is None:
            return None
        if stat.S_ISLNK(status.st_mode) or getattr(status, "st_reparse_tag", 0) == _JUNCTION:
            return part
    return None


def occupied(root: Path, path: PurePosixPath) -> str:
    """Return why `path` cannot be a regular file now, as a predicate of it; empty if it can be or is."""
    *folders, last = _downwards(path)
    for folder in folders:
        status = _lstat(root / folder)
        if status is not None and not stat.S_ISDIR(status.st_mode):
            return f"lies in `{folder}`, which is a file"
    status = _lstat(root / last)
    if status is None or stat.S_ISREG(status.st_mode):
        return ""
    return "is a folder" if stat.S_ISDIR(status.st_mode) else "is not a regular file"


def fold(path: PurePosixPath) -> str:
    """Return the path as compared by systems that ignore case and Unicode composition."""
    return unicodedata.normalize("NFC", unicodedata.normalize("NFC", str(path)).casefold())


def _downwards(path: PurePosixPath) -> list[PurePosixPath]:
    """Return the components of `path` from the top: `a`, `a/b`, `a/b/c`."""
    return [*reversed(path.parents[:-1]), path]


def _lstat(path: Path) -> os.stat_result | None:
    with explained("read", path):
        try:
            return path.lstat()
        except (FileNotFoundError, NotADirectoryError):
            return None
