"""What is to be done to live systems: steps, each with what is there and what shall be there."""

from __future__ import annotations

import enum
from collections.abc import Sequence
from dataclasses import dataclass, field

from victor_monitoring.unified_diff import unified


class Kind(enum.StrEnum):
    """What a step does."""

    ADD = "add"
    CHANGE = "change"
    UNCHANGED = "unchanged"
    REMOVE = "remove"


@dataclass(frozen=True, slots=True)
class Step:
    """One thing of a live system: as it was read (`before`) and as it shall be (`after`); None is absent.

    `meaning` says line by line what changes for people, `diff` shows the texts. `conflict` says who else
    changed it: such a step is executed only by force.
    """

    kind: Kind
    name: str
    before: str | None = field(repr=False)
    after: str | None = field(repr=False)
    meaning: tuple[str, ...] = ()
    diff: str = field(repr=False, default="")
    conflict: str = ""


def step(
    name: str,
    before: str | None,
    after: str | None,
    *,
    meaning: Sequence[str] = (),
    diff: str | None = None,
    conflict: str = "",
    stale: bool = False,
) -> Step:
    """The step from one text to another; `stale` where equal texts have not taken effect yet."""
    if before is None:
        kind = Kind.UNCHANGED if after is None else Kind.ADD
    elif after is None:
        kind = Kind.REMOVE
    else:
        kind = Kind.UNCHANGED if before == after and not stale else Kind.CHANGE
    if diff is None:
        diff = unified((before or "").encode(), (after or "").encode(), name.lstrip("/"))
    return Step(kind, name, before, after, tuple(meaning), diff, conflict)
