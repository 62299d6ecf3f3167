"""Which paths under a root an artifact may take: portable names, no link on the way, nothing in the way.

The root itself may be reached through links; everything below it is judged component by component.
"""

from __future__ import annotations

import os
import stat
import unicodedata
from pathlib import Path, PurePosixPath

from victor_monitoring.base.files import explained

_JUNCTION = 0xA0000003  # IO_REPARSE_TAG_MOUNT_POINT: a folder link of Windows, which `lstat` calls a folder


def link_on(root: Path, path: PurePosixPath) -> PurePosixPath | None:
    """The first component of `path` below `root` that is a link, itself included; None if there is none."""
    for part in _downwards(path):
        status = _lstat(root / part)
        if status is None:
            return None
        if stat.S_ISLNK(status.st_mode) or getattr(status, "st_reparse_tag", 0) == _JUNCTION:
            return part
    return None


def occupied(root: Path, path: PurePosixPath) -> str:
    """Why `path` cannot be a plain file now, in words that follow its name; empty if it can or is."""
    *folders, last = _downwards(path)
    for folder in folders:
        status = _lstat(root / folder)
        if status is not None and not stat.S_ISDIR(status.st_mode):
            return f"lies in `{folder}`, which is a file"
    status = _lstat(root / last)
    if status is None or stat.S_ISREG(status.st_mode):
        return ""
    return "is a folder" if stat.S_ISDIR(status.st_mode) else "is no plain file"


def fold(path: PurePosixPath) -> str:
    """The path as systems see it that tell neither case nor composed letters apart."""
    return unicodedata.normalize("NFC", unicodedata.normalize("NFC", str(path)).casefold())


def _downwards(path: PurePosixPath) -> list[PurePosixPath]:
    """The components of `path` from the top: `a`, `a/b`, `a/b/c`."""
    return [*reversed(path.parents[:-1]), path]


def _lstat(path: Path) -> os.stat_result | None:
    with explained("read", path):
        try:
            return path.lstat()
        except (FileNotFoundError, NotADirectoryError):
            return None
