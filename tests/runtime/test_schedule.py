"""Periodic work in a background thread."""

from __future__ import annotations

from queue import Queue

from tests.runtime.patience import threads
from victor_monitoring.runtime.schedule import Schedule

ENOUGH = 30  # seconds, on a loaded machine


def test_nothing_runs_before_the_start_nor_after_the_end():
    """Functions run in order, at once and again, from start to stop."""
    done: Queue[str] = Queue()
    before = threads("signals")
    schedule = Schedule((5, lambda: done.put("a")), (5, lambda: done.put("b")))
    assert threads("signals") == before
    assert not schedule.is_running
    schedule.start()
    schedule.start()
    assert len(threads("signals")) == len(before) + 1
    assert schedule.is_running
    assert [done.get(timeout=ENOUGH) for _ in range(2)] == ["a", "b"]
    assert {done.get(timeout=ENOUGH) for _ in range(4)} == {"a", "b"}
    schedule.stop()
    assert not schedule.is_running
    assert threads("signals") == before
    while not done.empty():
        done.get()
    schedule.start()
    assert done.get(timeout=ENOUGH) == "a"
    schedule.stop()


def test_functions_keep_their_own_intervals():
    """A function with a long interval does not delay one with a short interval."""
    often: Queue[None] = Queue()
    seldom: list[None] = []
    schedule = Schedule((1, lambda: often.put(None)), (3_600_000, lambda: seldom.append(None)))
    schedule.start()
    for _ in range(20):
        often.get(timeout=ENOUGH)
    schedule.stop()
    assert len(seldom) == 1
