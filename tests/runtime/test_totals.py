"""Totals of components as increments of ours."""

from __future__ import annotations

import gc

import pytest

from victor_monitoring.runtime.totals import RememberedTotals, Tally, Totals


@pytest.mark.parametrize(
    ("read", "gained"),
    [
        ([5, 7, 7, 10], [5, 2, 0, 3]),
        ([5, 0, 0, 2], [5, 0, 0, 2]),  # reset, and read at once
        ([5, 3, 4], [5, 3, 1]),  # reset, and read after three more
        ([0.5, 0.75], [0.5, 0.25]),
    ],
)
def test_what_a_total_gains(read: list[float], gained: list[float]) -> None:
    """Gains add up to all that was ever counted, through every reset."""
    totals = Totals()
    assert [totals.increment("hits", total) for total in read] == gained


def test_keys_are_apart() -> None:
    """Each key has its own last total."""
    totals = Totals()
    assert (totals.increment("a", 5), totals.increment("b", 3), totals.increment("a", 6)) == (5, 3, 1)


class Component:
    """Something that can be referred to weakly."""


def test_a_component_that_comes_back_keeps_its_totals() -> None:
    """The same object has the same totals, another one others, and one that is gone none."""
    remembered, component = RememberedTotals(), Component()
    totals = remembered.of(component)
    assert remembered.of(component) is totals
    assert remembered.of(Component()) is not totals
    del component
    gc.collect()
    assert remembered._known == {}  # noqa: SLF001 - whether it leaks shows nowhere else


def test_a_component_without_weak_references_is_admitted() -> None:
    """It has totals, though they are forgotten when it comes back."""
    assert RememberedTotals().of(()).increment("a", 1) == 1


@pytest.mark.parametrize(
    ("events", "grown"),
    [
        ("g5", [5]),
        ("c c g5 g1", [1, 1, 3, 1]),
        ("c c g2", [1, 1, 0]),
        ("g1 c c", [1, 0, 1]),  # the total was read before the call came
        ("c g1 c g1", [1, 0, 1, 0]),
        ("g5 c settle c g1", [5, 0, 1, 0]),
    ],
)
def test_what_is_told_twice_is_counted_once(events: str, grown: list[float]) -> None:
    """By calls and by totals, in whichever order; until the totals end, and then anew."""
    tally, found = Tally(), []
    for event in events.split():
        if event == "settle":
            tally.settle()
        else:
            found.append(tally.call("hit") if event == "c" else tally.gain("hit", float(event[1:])))
    assert found == grown
