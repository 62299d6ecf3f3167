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


class Tally:
    """Events that are told in two ways: by a call for each, and by a total that a component counts.

    Both tell of the same events, either may miss some, and a total is read later or earlier than the calls
    come: so what counts is the larger of the two numbers. Each method returns by how much that has grown.
    """

    def __init__(self) -> None:
        self._called: dict[Hashable, float] = {}
        self._gained: dict[Hashable, float] = {}
        self._lock = Lock()

    def call(self, key: Hashable) -> float:
        """One event, told by a call."""
        return self._add(key, self._called, self._gained, 1)

    def gain(self, key: Hashable, gained: float) -> float:
        """Events by which a total has grown."""
        return self._add(key, self._gained, self._called, gained)

    def settle(self) -> None:
        """Takes what has been counted as done: whoever kept the totals is gone."""
        with self._lock:
            self._called.clear()
            self._gained.clear()

    def _add(
        self, key: Hashable, own: dict[Hashable, float], other: dict[Hashable, float], events: float
    ) -> float:
        with self._lock:
            before = own.get(key, 0)
            own[key] = before + events
            limit = max(before, other.get(key, 0))
            return max(0, before + events - limit)
