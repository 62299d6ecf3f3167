"""Interruption by SIGINT, SIGTERM and SIGHUP: at once, deferred, ignored, or as a regular end."""

from __future__ import annotations

import contextlib
import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from types import FrameType
from typing import Final

_SIGNALS: Final = ("SIGINT", "SIGTERM", "SIGHUP")  # some systems do not define all of them


class Interrupted(BaseException):
    """A signal that asks the process to end; a BaseException, so that `except Exception` lets it pass."""


@contextlib.contextmanager
def interruptible() -> Iterator[None]:
    """Raise `Interrupted` in the body at the first signal; ignore the signals after it."""
    signals = _handled_signals()

    def interrupt(_: int, __: FrameType | None) -> None:
        for each in signals:
            signal.signal(each, signal.SIG_IGN)
        raise Interrupted

    with _handling(interrupt):
        yield


@contextlib.contextmanager
def shielded() -> Iterator[None]:
    """Ignore the signals during the body: a rollback that stops halfway is worse than none."""
    with _handling(signal.SIG_IGN):
        yield


@contextlib.contextmanager
def unbroken() -> Iterator[None]:
    """Defer the signals until the body has ended.

    A change that is abandoned halfway may still take effect, after it was reported as not applied. A terminal
    sends its signals to child processes as well: those that the body starts inherit the blocked signals.
    """
    pending: list[int] = []
    try:
        with _handling(lambda number, _: pending.append(number)), _blocked():
            yield
    finally:
        if pending:
            signal.raise_signal(pending[0])


@contextlib.contextmanager
def _handling(handler: Callable[[int, FrameType | None], None] | signal.Handlers) -> Iterator[None]:
    if threading.current_thread() is not threading.main_thread():
        yield  # Python runs signal handlers in the main thread only
        return
    before = {each: signal.signal(each, handler) for each in _handled_signals()}
    try:
        yield
    finally:
        for each, old in before.items():
            signal.signal(each, old)


@contextlib.contextmanager
def _blocked() -> Iterator[None]:
    """Block the signals during the body; processes started in it inherit the blocked signals."""
    if not hasattr(signal, "pthread_sigmask"):  # Windows
        yield
        return
    before = signal.pthread_sigmask(signal.SIG_BLOCK, _handled_signals())
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def _handled_signals() -> list[signal.Signals]:
    """Return the signals to handle, without those that the parent process set to ignored, as `nohup` does."""
    known = [getattr(signal, name) for name in _SIGNALS if hasattr(signal, name)]
    return [each for each in known if signal.getsignal(each) is not signal.SIG_IGN]


@dataclass(slots=True)
class StopFlag:
    """Whether a signal asked the command to stop."""

    wanted: bool = False


@contextmanager
def stoppable() -> Iterator[StopFlag]:
    """End the body at the first signal, without an error, and set the flag.

    The body never sees a KeyboardInterrupt: if one is raised in code that `exec` runs from a string, as
    dataclasses do, Python exits with SIGINT even if it is caught later.
    """
    stop = StopFlag()
    try:
        with interruptible():
            yield stop
    except Interrupted:
        stop.wanted = True
