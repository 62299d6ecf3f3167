"""Increments from the totals of components."""

from __future__ import annotations

import gc

import pytest

from victor_monitoring.runtime.totals import RememberedTotals, Tally, Totals


@pytest.mark.parametrize(
    ("read", "gained"),
    [
        ([5, 7, 7, 10], [5, 2, 0, 3]),
        ([5, 0, 0, 2], [5, 0, 0, 2]),  # a reset, read at once
        ([5, 3, 4], [5, 3, 1]),  # a reset, read three events later
        ([0.5, 0.75], [0.5, 0.25]),
    ],
)
def test_increments_of_a_total(read: list[float], gained: list[float]) -> None:
    """Increments add up to all events, across resets."""
    totals = Totals()
    assert [totals.increment("hits", total) for total in read] == gained


def test_keys_are_separate() -> None:
    """Each key has its own last total."""
    totals = Totals()
    assert (totals.increment("a", 5), totals.increment("b", 3), totals.increment("a", 6)) == (5, 3, 1)


class Component:
    """A component that supports weak references."""


def test_a_component_that_comes_back_keeps_its_totals() -> None:
    """The same object has the same totals, another object its own; a deleted one has none."""
    remembered, component = RememberedTotals(), Component()
    totals = remembered.of(component)
    assert remembered.of(component) is totals
    assert remembered.of(Component()) is not totals
    del component
    gc.collect()
    assert remembered._known == {}  # noqa: SLF001 - a leak is visible nowhere else


def test_a_component_without_weak_references_is_admitted() -> None:
    """Such a component gets new totals each time."""
    assert RememberedTotals().of(()).increment("a", 1) == 1


@pytest.mark.parametrize(
    ("events", "grown"),
    [
        ("g5", [5]),
        ("c c g5 g1", [1, 1, 3, 1]),
        ("c c g2", [1, 1, 0]),
        ("g1 c c", [1, 0, 1]),  # the total was read before the call
        ("c g1 c g1", [1, 0, 1, 0]),
        ("g5 c settle c g1", [5, 0, 1, 0]),
    ],
)
def test_an_event_reported_twice_is_counted_once(events: str, grown: list[float]) -> None:
    """Calls and totals of the same events count once in any order, and separately after `settle`."""
    tally, found = Tally(), []
    for event in events.split():
        if event == "settle":
            tally.settle()
        else:
            found.append(tally.call("hit") if event == "c" else tally.gain("hit", float(event[1:])))
    assert found == grown
