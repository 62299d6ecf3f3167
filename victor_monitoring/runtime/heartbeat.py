"""Regular work of a worker process: what it measures must be there for whichever process is scraped."""

from __future__ import annotations

import os
import weakref
from collections.abc import Callable
from threading import Event, Lock, Thread


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
