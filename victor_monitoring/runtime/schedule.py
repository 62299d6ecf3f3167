"""Periodic work in a background thread."""

from __future__ import annotations

import os
import time
import weakref
from collections.abc import Callable
from threading import Event, Lock, Thread


class Schedule:
    """A thread that calls each function at its interval (milliseconds), first at the start.

    Functions must not raise. Those due at the same time run in the order given; missed calls are not made up
    for. The thread is a daemon. A forked process has none until it calls `start`.
    """

    def __init__(self, *works: tuple[int, Callable[[], object]]) -> None:
        self._works = works
        self._stopped = Event()
        self._thread: Thread | None = None
        self._pid = 0

    @property
    def is_running(self) -> bool:
        """Whether the thread runs in this process."""
        return self._thread is not None and self._pid == os.getpid() and self._thread.is_alive()

    def start(self) -> None:
        """Start the thread unless it is running."""
        if not self.is_running:
            self._stopped, self._pid = Event(), os.getpid()
            self._thread = Thread(target=self._run, args=(self._stopped,), name="signals", daemon=True)
            self._thread.start()

    def stop(self) -> None:
        """Stop the thread and wait for the current call to end."""
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
    """A thread that calls a method every `seconds` while its object is alive, also in forked processes.

    The method must not raise. The thread is a daemon and references the object only during a call.
    """

    def __init__(self, work: Callable[[], object], seconds: float) -> None:
        self._work = weakref.WeakMethod(work)
        self._seconds = seconds
        self._working = Lock()
        self._start()
        if hasattr(os, "register_at_fork"):  # not on Windows, which has no fork
            # No fork during the work: the child would inherit locks without the threads that release them.
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
