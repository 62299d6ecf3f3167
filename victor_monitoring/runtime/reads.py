"""Reads of components: all at once, each in a thread of its own, none waited for beyond a deadline."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from threading import Event, Lock, Thread
from typing import Any, Final, Literal, TypeAlias, TypeVar

_Answer = TypeVar("_Answer")
Fault: TypeAlias = Literal["failed", "timed out", "nonsense"]

FAILED: Final = "failed"
TIMED_OUT: Final = "timed out"
NONSENSE: Final = "nonsense"


class Nonsense(ValueError):
    """A component has answered with what cannot be true: a negative count, a text for a number."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """How a read ended: well, or with a fault and the error behind it."""

    fault: Fault | None = None
    error: BaseException | None = None


class Read:
    """One way to read a component; it runs at most once at a time, however long it hangs.

    `ask` asks the component, `use` is given the answer, unless the read has been closed meanwhile.
    """

    def __init__(self, component: str, ask: Callable[[], _Answer], use: Callable[[_Answer], object]) -> None:
        self.component: Final = component
        self._ask: Callable[[], object] = ask
        self._use: Callable[[Any], object] = use
        self._lock = Lock()
        self._run: _Run | None = None
        self._is_closed = False

    def start(self) -> _Run:
        """The run that is under way, else a new one."""
        with self._lock:
            if self._run is None or not self._run.is_under_way:
                self._run = _Run(self.component, self._work)
            return self._run

    def close(self) -> None:
        """Has an answer that is still to come thrown away."""
        self._is_closed = True

    def _work(self) -> None:
        answer = self._ask()
        if not self._is_closed:
            self._use(answer)


class _Run:
    """One run of a read. Its thread is a daemon: one that hangs does not keep the process from ending."""

    def __init__(self, component: str, work: Callable[[], None]) -> None:
        self._work = work
        self._done = Event()
        self._outcome = Outcome()
        self._is_overdue = False
        self._pid = os.getpid()
        try:
            Thread(target=self._run, name=f"read {component}", daemon=True).start()
        except RuntimeError as error:  # the system has no thread left
            self._outcome = Outcome(FAILED, error)
            self._done.set()

    @property
    def is_under_way(self) -> bool:
        """Whether its thread runs: not after its end, and not in a forked process, which has no threads."""
        return not self._done.is_set() and self._pid == os.getpid()

    def outcome(self, until: float) -> Outcome:
        """How it ended, waiting until then (monotonic seconds); once overdue it is not waited for again."""
        patience = 0.0 if self._is_overdue else max(0.0, until - time.monotonic())
        if self._done.wait(patience):
            return self._outcome
        self._is_overdue = True
        return Outcome(TIMED_OUT)

    def _run(self) -> None:
        try:
            self._work()
        except Nonsense as error:
            self._outcome = Outcome(NONSENSE, error)
        except BaseException as error:  # noqa: BLE001 - a component that exits ends its own read only
            self._outcome = Outcome(FAILED, error)
        finally:
            self._done.set()


def run_all(reads: Iterable[Read], deadline: float) -> Mapping[Read, Outcome]:
    """How each read ended. They run at once; `deadline`, in seconds, is for all of them together."""
    until = time.monotonic() + deadline
    runs = {read: read.start() for read in reads}
    return {read: run.outcome(until) for read, run in runs.items()}
