"""Drift: a file that differs from its rendering, with the kind, message, hint and diff."""

from __future__ import annotations

import enum
from dataclasses import dataclass, field
from pathlib import PurePosixPath
from typing import Final

from victor_monitoring.base.diagnostics import Pattern, Severity
from victor_monitoring.base.unified_diff import unified

DRIFT: Final = Pattern(
    "VM700",
    "drift",
    Severity.ERROR,
    """A rendered file differs from what its spec renders now.

The file was edited by hand, the spec was edited without `generate`, or the file is missing or left over.
Live systems may then differ from the spec. Repair it with `victor-mon generate`; move hand edits to the
spec.""",
)


class DriftKind(enum.StrEnum):
    """How a file differs from its rendering. The last four prevent `write` from writing anything."""

    DIFFERS = "differs"  # differs from the rendering: the file was edited, or the spec without `generate`
    FORMAT = "format"  # differs, and was generated in another output format
    LOST = "lost"  # missing
    ORPHAN = "orphan"  # was generated, and is no longer rendered
    KEPT = "kept"  # an orphan that is not removed: git cannot restore it, or it is reached through a link
    UNFINISHED = "unfinished"  # a run was interrupted: a temporary file, or a list that is out of date
    GONE = "gone"  # a list whose spec is gone
    UNLISTED = "unlisted"  # as rendered, but missing from the list
    DAMAGED = "damaged"  # a list that cannot be read in full
    FOREIGN = "foreign"  # differs, and no list names it: probably the user's own file
    CLAIMED = "claimed"  # the list of another spec names it
    CLASH = "clash"  # rendered twice, literally or on case-insensitive systems
    BLOCKED = "blocked"  # outside the root, behind a link, or taken by something other than a file


NEEDS_FORCE: Final = frozenset({DriftKind.FOREIGN, DriftKind.KEPT})
"""The kinds of drift that `generate` leaves alone, unless it is forced or the user moves the file away."""


@dataclass(frozen=True, slots=True)
class Drift:
    """One file that differs from its rendering: the problem in `message`, the repair in `hint`.

    `disk` and `rendered` are its contents, if both are known.
    """

    path: PurePosixPath
    kind: DriftKind
    message: str
    hint: str
    disk: bytes | None = field(default=None, repr=False)
    rendered: bytes | None = field(default=None, repr=False)

    @property
    def diff(self) -> str:
        """The unified diff from the file on disk to its rendering; empty if one of them is missing."""
        if self.disk is None or self.rendered is None:
            return ""
        return unified(self.disk, self.rendered, str(self.path))
