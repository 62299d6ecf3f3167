"""Increments from the totals that a component counts itself, to be added to counters."""

from __future__ import annotations

import weakref
from collections.abc import Hashable
from threading import Lock
from typing import Final


class Totals:
    """The last values of one component's totals, to compute increments."""

    def __init__(self) -> None:
        self._last: dict[Hashable, float] = {}
        self._lock = Lock()

    def increment(self, key: Hashable, total: float) -> float:
        """Return the growth of the total since the last call; a decrease is a reset to 0."""
        with self._lock:
            last = self._last.get(key, 0)
            self._last[key] = total
        return total - last if total >= last else total


class RememberedTotals:
    """The totals of every live component, so that one that is registered again is not counted twice."""

    def __init__(self) -> None:
        self._known: Final[dict[int, tuple[weakref.ref[object], Totals]]] = {}

    def of(self, component: object) -> Totals:
        """Return the component's totals; new ones at each call if it does not support weak references."""
        key = id(component)
        if key not in self._known:
            try:
                reference = weakref.ref(component, lambda _: self._known.pop(key, None))
            except TypeError:
                return Totals()
            self._known[key] = reference, Totals()
        return self._known[key][1]


class Tally:
    """Events that are reported in two ways: by a call for each event, and by a total of a component.

    Both report the same events, but each may miss some, and a total may be read before or after the calls.
    The count is therefore the larger of the two numbers; each method returns the growth of that count.
    """

    def __init__(self) -> None:
        self._called: dict[Hashable, float] = {}
        self._gained: dict[Hashable, float] = {}
        self._lock = Lock()

    def call(self, key: Hashable) -> float:
        """Count one event that was reported by a call; return the growth of the count."""
        return self._add(key, self._called, self._gained, 1)

    def gain(self, key: Hashable, gained: float) -> float:
        """Count `gained` events by which a total has grown; return the growth of the count."""
        return self._add(key, self._gained, self._called, gained)

    def settle(self) -> None:
        """Reset both numbers: the component with the totals is gone."""
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
