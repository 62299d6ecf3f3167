"""One difference between two specs, and what it means."""

from __future__ import annotations

import enum
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import TypeAlias

from victor_monitoring.language.syntax.tree import Path

Difference: TypeAlias = tuple[Path, str]  # the keys below a thing, and how it differs there


class Effect(enum.StrEnum):
    """What a change makes of the watch that is kept."""

    LOOSENED = "loosened"  # trouble is told later, less loudly or not at all
    TIGHTENED = "tightened"
    NEITHER = ""


@dataclass(frozen=True, slots=True)
class Change:
    """A difference. `breaking`: somebody outside the spec reads what is no longer there.

    `breaks` names what read it inside the old spec: alerts, panels, REST fields. `path` is in the new
    spec, of what is removed in the old one.
    """

    thing: str
    name: str
    meaning: str
    path: Path
    verdict: Effect = Effect.NEITHER
    breaking: bool = False
    breaks: tuple[str, ...] = ()
    is_removal: bool = False

    def words(self) -> str:
        """The change in one line."""
        verdict = f": {self.verdict.value}" if self.verdict else ""
        breaks = f": breaks {', '.join(self.breaks)}" if self.breaks else ""
        return f"{self.thing} {self.name}: {self.meaning}{verdict}{breaks}"


def becomes(what: str, old: object, new: object) -> str:
    """`old` becomes `new`, as a person says it; a missing side is told as such."""
    head = f"{what} " if what else ""
    if old in (None, "", ()):
        return f"{head}`{new}` added"
    if new in (None, "", ()):
        return f"{head}`{old}` removed"
    return f"{head}`{old}` becomes `{new}`"


def differing(pairs: Mapping[Path, tuple[str, object, object]]) -> Iterator[Difference]:
    """A difference for each pair of values that are not equal: by keys, its name, the old and the new one."""
    for keys, (what, old, new) in pairs.items():
        if old != new:
            yield keys, becomes(what, old, new)
