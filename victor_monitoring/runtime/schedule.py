"""Work that is done again and again, in a thread of its own."""

from __future__ import annotations

import os
import time
import weakref
from collections.abc import Callable
from threading import Event, Lock, Thread


class Schedule:
    """Calls each work at its interval (milliseconds), first of all at the start; works must not raise.

    What falls due at once is done in the order given; what was missed is not made up for. Nothing runs
    until `start`. The thread is a daemon, and a forked process has none until it starts its own.
    """

    def __init__(self, *works: tuple[int, Callable[[], object]]) -> None:
        self._works = works
        self._stopped = Event()
        self._thread: Thread | None = None
        self._pid = 0

    @property
    def is_running(self) -> bool:
        """Whether this process does the work."""
        return self._thread is not None and self._pid == os.getpid() and self._thread.is_alive()

    def start(self) -> None:
        """Begins, where it has not begun."""
        if not self.is_running:
            self._stopped, self._pid = Event(), os.getpid()
            self._thread = Thread(target=self._run, args=(self._stopped,), name="signals", daemon=True)
            self._thread.start()

    def stop(self) -> None:
        """Ends, once the work that is being done is done."""
        self._stopped.set()
        if self.is_running and self._thread is not None:
            self._thread.join()
        self._thread = None

    def _run(self, stopped: Event) -> None:
        due = [time.monotonic()] * len(self._works)
        while not stopped.is_set():
            for index, (interval, work) in enumerate(self._works):
                if due[index] <= time.monotonic() and not stopped.is_set():
                    work()
                    seconds = interval / 1000
                    missed = max((time.monotonic() - due[index]) // seconds, 0)
                    due[index] += seconds * (missed + 1)
            stopped.wait(max(min(due) - time.monotonic(), 0))


class Heartbeat:
    """Calls a method every so many seconds for as long as its object lives, in a forked process as well.

    The method must not raise. Its thread is a daemon, and holds the object only while it works.
    """

    def __init__(self, work: Callable[[], object], seconds: float) -> None:
        self._work = weakref.WeakMethod(work)
        self._seconds = seconds
        self._working = Lock()
        self._start()
        if hasattr(os, "register_at_fork"):  # not on Windows, which has no fork
            # No fork amid the work: the child would inherit locks that nobody is there to release.
            os.register_at_fork(
                before=self._working.acquire,
                after_in_parent=self._working.release,
                after_in_child=self._start_in_child,
            )

    def _start(self) -> None:
        if self._work() is not None:
            Thread(target=self._beat, name="heartbeat", daemon=True).start()

    def _start_in_child(self) -> None:
        self._working.release()
        self._start()

    def _beat(self) -> None:
        pause = Event()
        while not pause.wait(self._seconds):
            work = self._work()
            if work is None:
                return
            with self._working:
                work()
            del work
