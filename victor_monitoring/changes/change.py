"""One difference between two specs, and its effect on alerting."""

from __future__ import annotations

import enum
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import TypeAlias

from victor_monitoring.language.syntax.tree import Path

Difference: TypeAlias = tuple[Path, str]  # the keys below the changed object, and a description


class Effect(enum.StrEnum):
    """The effect of a change on alerting."""

    LOOSENED = "loosened"  # a failure is notified later, with a lower severity or not at all
    TIGHTENED = "tightened"
    NEITHER = ""


@dataclass(frozen=True, slots=True)
class Change:
    """A difference. `breaking` means that users outside the spec may rely on the old state.

    `breaks` names the alerts, panels and REST fields of the old spec that use the changed object. `path` is
    in the new spec; for a removed object it is in the old spec.
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
        """Return the change as one line of text."""
        verdict = f": {self.verdict.value}" if self.verdict else ""
        breaks = f": breaks {', '.join(self.breaks)}" if self.breaks else ""
        return f"{self.thing} {self.name}: {self.meaning}{verdict}{breaks}"


def becomes(subject: str, old: object, new: object) -> str:
    """Return `old` becomes `new` as text, after `subject`; a missing value counts as added or removed."""
    head = f"{subject} " if subject else ""
    if old in (None, "", ()):
        return f"{head}`{new}` added"
    if new in (None, "", ()):
        return f"{head}`{old}` removed"
    return f"{head}`{old}` becomes `{new}`"


def differing(pairs: Mapping[Path, tuple[str, object, object]]) -> Iterator[Difference]:
    """Yield a difference for each entry of keys to (subject, old value, new value) whose values differ."""
    for keys, (subject, old, new) in pairs.items():
        if old != new:
            yield keys, becomes(subject, old, new)
