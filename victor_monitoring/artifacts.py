"""What renderers return: a path and the text that belongs there."""

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
