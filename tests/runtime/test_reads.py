"""Reads of components: concurrent, within a deadline, at most one at a time per component."""

from __future__ import annotations

import os
import sys
import threading
import time
from collections.abc import Iterator

import pytest

from tests.runtime.patience import LONG, SHORT, threads, until
from victor_monitoring.runtime.reads import (
    FAILED,
    NONSENSE,
    TIMED_OUT,
    ComponentRead,
    InvalidReading,
    ReadOutcome,
    run_all,
)

THREAD = "read till"


class Hanging:
    """A component that hangs until released, and counts its reads."""

    def __init__(self) -> None:
        self.asked = 0
        self.free = threading.Event()

    def ask(self) -> int:
        self.asked += 1
        assert self.free.wait(LONG)
        return self.asked


@pytest.fixture
def hanging() -> Iterator[Hanging]:
    component = Hanging()
    yield component
    component.free.set()
    until(lambda: threads(THREAD) == [])


def read_of(ask, use=lambda _: None) -> ComponentRead:
    return ComponentRead("till", ask, use)


def faults(*reads: ComponentRead, deadline: float = LONG) -> list[str | None]:
    outcomes = run_all(reads, deadline)
    return [outcomes[read].fault for read in reads]


def test_an_answer_is_used() -> None:
    """`use` gets the answer of `ask` once."""
    used: list[str] = []
    read = read_of(lambda: "answer", used.append)
    assert run_all([read], LONG) == {read: ReadOutcome()}
    assert used == ["answer"]


@pytest.mark.parametrize(
    ("error", "fault"),
    [
        (RuntimeError("x"), FAILED),
        (InvalidReading("x"), NONSENSE),
        (SystemExit(3), FAILED),
        (KeyboardInterrupt(), FAILED),
        (ValueError("x"), FAILED),
    ],
)
@pytest.mark.parametrize("while_using", [False, True])
def test_an_error_is_a_fault_of_its_read(error: BaseException, fault: str, while_using: bool) -> None:
    """Any exception, SystemExit too, ends the one read and is in its outcome."""

    def raising(_: object = None) -> None:
        raise error

    read = read_of(lambda: None, raising) if while_using else read_of(raising)
    well = read_of(lambda: None)
    outcomes = run_all([read, well], LONG)
    assert outcomes[read] == ReadOutcome(fault, error)  # type: ignore[arg-type] # the parameters are plain strings
    assert outcomes[well] == ReadOutcome()


def test_reads_run_at_once() -> None:
    """Reads that wait for each other all end, so they run concurrently."""
    meeting = threading.Barrier(4)
    assert faults(*[read_of(lambda: meeting.wait(LONG)) for _ in range(4)]) == [None] * 4


def test_the_deadline_is_for_all_together() -> None:
    """Ten hanging reads take one deadline, not ten."""
    components = [Hanging() for _ in range(10)]
    start = time.monotonic()
    assert faults(*[read_of(each.ask) for each in components], deadline=1) == [TIMED_OUT] * 10
    assert time.monotonic() - start < 8
    for each in components:
        each.free.set()
    until(lambda: threads(THREAD) == [])


def test_a_hanging_read_is_not_started_again(hanging: Hanging) -> None:
    """A hanging read is neither started nor waited for again; after its end it is a normal read."""
    used: list[int] = []
    read = read_of(hanging.ask, used.append)
    assert faults(read, deadline=SHORT) == [TIMED_OUT]
    start = time.monotonic()
    assert faults(read, deadline=LONG) == faults(read, deadline=LONG) == [TIMED_OUT]
    assert time.monotonic() - start < LONG / 2
    assert hanging.asked == 1
    (thread,) = threads(THREAD)
    hanging.free.set()
    thread.join(LONG)
    assert faults(read) == [None]
    assert (hanging.asked, used) == (2, [1, 2])


def test_a_run_that_is_under_way_is_shared(hanging: Hanging) -> None:
    """Two concurrent callers share one read."""
    read = read_of(hanging.ask)
    found: list[str | None] = []
    askers = [threading.Thread(target=lambda: found.extend(faults(read))) for _ in range(2)]
    for each in askers:
        each.start()
    hanging.free.set()
    for each in askers:
        each.join(LONG)
    assert found == [None, None]
    assert hanging.asked <= 2  # the second caller may start after the first run's end


def test_an_answer_after_the_end_is_discarded(hanging: Hanging) -> None:
    """An answer after `close` is not used."""
    used: list[int] = []
    read = read_of(hanging.ask, used.append)
    assert faults(read, deadline=SHORT) == [TIMED_OUT]
    (thread,) = threads(THREAD)
    read.close()
    hanging.free.set()
    thread.join(LONG)
    assert used == []


def test_a_hanging_read_does_not_keep_the_process_from_ending(hanging: Hanging) -> None:
    """The thread of a read is a daemon, which the interpreter does not wait for."""
    assert faults(read_of(hanging.ask), deadline=SHORT) == [TIMED_OUT]
    (thread,) = threads(THREAD)
    assert thread.daemon


def test_a_thread_that_cannot_be_started_is_a_fault(monkeypatch: pytest.MonkeyPatch) -> None:
    """If no thread can be started, the read has a fault and the caller no exception."""

    def refused(_: threading.Thread) -> None:
        raise RuntimeError("can't start new thread")

    with monkeypatch.context() as patch:
        patch.setattr(threading.Thread, "start", refused)
        read = read_of(lambda: None)
        assert faults(read) == [FAILED]
    assert faults(read) == [None]


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no fork")
@pytest.mark.filterwarnings("ignore:This process .* is multi-threaded:DeprecationWarning")
def test_a_forked_process_reads_for_itself(hanging: Hanging) -> None:
    """A read that hangs in the parent is started again in the child, which has no such thread."""
    read = read_of(hanging.ask)
    assert faults(read, deadline=SHORT) == [TIMED_OUT]
    pid = os.fork()
    if pid == 0:
        hanging.free.set()
        os._exit(0 if faults(read) == [None] and hanging.asked == 2 else 1)
    assert os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) == 0
