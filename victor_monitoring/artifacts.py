"""What renderers return: a path that every system allows, and the text that belongs there."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import PurePosixPath


@dataclass(frozen=True, slots=True)
class Artifact:
    """A rendered file: `path` is relative to the root, `text` ends with a newline, lines end in LF.

    `output` is the key under `outputs` that it belongs to, `context` the context it is for (None: base).
    """

    path: PurePosixPath
    text: str = field(repr=False)
    output: str
    context: str | None = None


def unfit(path: PurePosixPath) -> str:
    """Why `path` may be no artifact's path on any system, in words that follow its name; empty if it may."""
    text = str(path)
    if path.is_absolute() or ".." in path.parts:
        return "leaves the root"
    if not path.parts:
        return "names no file"
    if not text.isprintable() or any(mark in text for mark in '\\:*?"<>|'):
        return "holds a character that not every system allows in a file's name"
    if any(part.lower() == ".git" for part in path.parts):
        return "lies in git's own folder"
    return ""
