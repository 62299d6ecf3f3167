"""What is told about a file that is not as its spec renders it: the kind, the words and the difference."""

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
    """A rendered file is not what its spec renders.

It was edited by hand, or the spec was and nobody generated; it is lost, or it is left over. What runs is
then not what the spec says. Mend it with `victor-mon generate`; a hand edit belongs into the spec.""",
)


class DriftKind(enum.StrEnum):
    """How a file and its rendering part. The last four keep `write` from writing anything."""

    EDITED = "edited"  # differs, and is not what was generated
    STALE = "stale"  # differs, but is what was generated: the spec has changed
    FORMAT = "format"  # is what was generated, in another output format
    LOST = "lost"  # missing
    ORPHAN = "orphan"  # was generated, and is no longer rendered
    KEPT = "kept"  # an orphan that is not removed: edited since, or reached through a link
    UNFINISHED = "unfinished"  # a run was cut short: a temporary file, or a list that is ahead
    GONE = "gone"  # a list whose spec is gone
    UNLISTED = "unlisted"  # as rendered, but the list does not say so
    DAMAGED = "damaged"  # a list that cannot be read in full
    FOREIGN = "foreign"  # differs, and no list names it: the user's own work
    CLAIMED = "claimed"  # the list of another spec names it
    CLASH = "clash"  # rendered twice, as it is or as some systems read paths
    BLOCKED = "blocked"  # outside the root, through a link, or something else stands there


@dataclass(frozen=True, slots=True)
class Drift:
    """One file that is not as rendered: what is wrong in `message`, what to do in `help`.

    `disk` and `rendered` are its contents, where both are known.
    """

    path: PurePosixPath
    kind: DriftKind
    message: str
    hint: str
    disk: bytes | None = field(default=None, repr=False)
    rendered: bytes | None = field(default=None, repr=False)

    @property
    def diff(self) -> str:
        """The unified diff from the file on disk to its rendering; empty if there is only one of them."""
        if self.disk is None or self.rendered is None:
            return ""
        return unified(self.disk, self.rendered, str(self.path))
