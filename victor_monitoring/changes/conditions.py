"""Changes of the conditions of an alert, those of its guards included, and their effect on alerting."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from victor_monitoring.changes.change import Effect, becomes
from victor_monitoring.language.resolved.spec import Alert
from victor_monitoring.language.syntax.tree import Path
from victor_monitoring.signals.alert import GUARD_SENSES, Guard
from victor_monitoring.signals.quantity import Condition


def loosening(old: Condition, new: Condition, *, widened: bool = False) -> str:
    """Return the change in words if `new` is true for fewer values, or in the other direction; else empty.

    With `widened`, for more values in place of fewer.
    """
    first, second = (new, old) if widened else (old, new)
    if not _is_narrowed(first, second):
        return ""
    is_turned = old.order is not None and new.order is not None and old.high_is_bad != new.high_is_bad
    return f"`{old.text}` becomes `{new.text}`{', the other direction' if is_turned else ''}"


def _is_narrowed(old: Condition, new: Condition) -> bool:
    further = new.threshold.value - old.threshold.value
    if old.order is None or new.order is None:
        return bool(old.op != new.op or further)
    if old.high_is_bad != new.high_is_bad:
        return True
    return (further > 0) == old.high_is_bad if further else ("=" in old.order and "=" not in new.order)


@dataclass(frozen=True, slots=True)
class GuardChange:
    """A guard that was added (`old` is None), removed (`new` is None) or changed.

    `keys` lead from the alert with `new` to the changed part, or to the guards of its sense if `new` is None.
    """

    keys: Path
    old: Guard | None
    new: Guard | None

    @property
    def meaning(self) -> str:
        """The change in words."""
        return becomes("the guard", _words(self.old), _words(self.new))

    @property
    def effect(self) -> Effect:
        """The effect on alerting: another signal loosens, in either direction."""
        if self.loosening:
            return Effect.LOOSENED
        return Effect.TIGHTENED if GuardChange(self.keys, self.new, self.old).loosening else Effect.NEITHER

    @property
    def loosening(self) -> str:
        """The change in words if the alert may now be silent where it fired before; else empty."""
        if self.new is None:
            return ""
        if self.old is None:
            return "a guard is added"
        if self.old.signal.name != self.new.signal.name:
            return f"the guard `{self.old.signal.name}` becomes `{self.new.signal.name}`"
        return loosening(self.old.condition, self.new.condition, widened=not self.new.allows(is_met=True))


def guard_changes(before: Alert, after: Alert) -> Iterator[GuardChange]:
    """Yield the changes of guards of an alert; those of one sense are compared in pairs."""
    for sense in GUARD_SENSES:
        old = [each for each in before.guards if each.sense == sense]
        new = [each for each in zip(after.guard_keys, after.guards, strict=True) if each[1].sense == sense]
        partners = _partners(old, [guard for _, guard in new])
        for index, (keys, guard) in enumerate(new):
            was = old[partners[index]] if index in partners else None
            if was is None:
                yield GuardChange(keys, None, guard)
            elif _words(was) != _words(guard):
                key = "when" if was.signal.name == guard.signal.name else "signal"
                yield GuardChange((*keys, key), was, guard)
        for index, guard in enumerate(old):
            if index not in partners.values():
                yield GuardChange((sense,), guard, None)


def _words(guard: Guard | None) -> str:
    if guard is None:
        return ""
    return f"{'' if guard.allows(is_met=True) else 'unless '}{guard.signal.name} {guard.condition.text}"


# Guards are partners if they are equal, then if they are on one signal, then in their order.
_LIKENESSES: Final[tuple[Callable[[Guard], str], ...]] = (
    _words,
    lambda guard: guard.signal.name,
    lambda guard: guard.sense,
)


def _partners(old: Sequence[Guard], new: Sequence[Guard]) -> dict[int, int]:
    """Return the index of the old guard that each new one is compared with, by the index of the new one."""
    found: dict[int, int] = {}
    for likeness in _LIKENESSES:
        for index, guard in enumerate(new):
            free = (i for i in range(len(old)) if i not in found.values())
            partner = next((i for i in free if likeness(old[i]) == likeness(guard)), None)
            if index not in found and partner is not None:
                found[index] = partner
    return found
