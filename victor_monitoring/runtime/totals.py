"""Totals that a component counts for itself, as increments of counters of ours."""

from __future__ import annotations

import weakref
from collections.abc import Hashable
from threading import Lock
from typing import Final


class Totals:
    """The increments of one component's totals since they were last read."""

    def __init__(self) -> None:
        self._last: dict[Hashable, float] = {}
        self._lock = Lock()

    def increment(self, key: Hashable, total: float) -> float:
        """What this total has gained. One that has become smaller was reset: all of it is new."""
        with self._lock:
            last = self._last.get(key, 0)
            self._last[key] = total
        return total - last if total >= last else total


class RememberedTotals:
    """The totals of every component for as long as it lives: one that comes back is not counted twice."""

    def __init__(self) -> None:
        self._known: Final[dict[int, tuple[weakref.ref[object], Totals]]] = {}

    def of(self, component: object) -> Totals:
        """The component's totals; each time new ones where it does not admit weak references."""
        key = id(component)
        if key not in self._known:
            try:
                reference = weakref.ref(component, lambda _: self._known.pop(key, None))
            except TypeError:
                return Totals()
            self._known[key] = reference, Totals()
        return self._known[key][1]


class Recorded:
    """Events that calls have counted, and that a total which is read later holds too."""

    def __init__(self) -> None:
        self._counted: dict[Hashable, float] = {}
        self._lock = Lock()

    def note(self, key: Hashable) -> None:
        """Notes one event that has been counted."""
        with self._lock:
            self._counted[key] = self._counted.get(key, 0) + 1

    def beyond(self, key: Hashable, gained: float) -> float:
        """What of a total's gain has not been counted. What it does not hold yet waits."""
        with self._lock:
            counted = self._counted.get(key, 0)
            self._counted[key] = max(0, counted - gained)
        return max(0, gained - counted)
