"""Ctrl-C, a polite request to end and a terminal that goes: when they take effect, and when not."""

from __future__ import annotations

import contextlib
import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from types import FrameType
from typing import Final

_SIGNALS: Final = ("SIGINT", "SIGTERM", "SIGHUP")  # not every system has each


class Interrupted(BaseException):
    """Somebody asked the run to end. No `except Exception` is meant to catch it."""


@contextlib.contextmanager
def interruptible() -> Iterator[None]:
    """A signal to end becomes one `Interrupted` inside; any further one is ignored."""
    signals = _heeded()

    def interrupt(_: int, __: FrameType | None) -> None:
        for each in signals:
            signal.signal(each, signal.SIG_IGN)
        raise Interrupted

    with _handling(interrupt):
        yield


@contextlib.contextmanager
def shielded() -> Iterator[None]:
    """Nobody interrupts what happens inside: half an undoing is worse than none."""
    with _handling(signal.SIG_IGN):
        yield


@contextlib.contextmanager
def unbroken() -> Iterator[None]:
    """What is begun inside comes to its end before an interruption takes effect.

    A system that is left alone with a change may make it later: after it was found not to have. A terminal
    interrupts the programs that we run as well: those that are started inside have it blocked.
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
        yield  # only the main thread is ever interrupted
        return
    before = {each: signal.signal(each, handler) for each in _heeded()}
    try:
        yield
    finally:
        for each, old in before.items():
            signal.signal(each, old)


@contextlib.contextmanager
def _blocked() -> Iterator[None]:
    """The signals are kept until the end, by what is started inside too: it inherits what is blocked."""
    if not hasattr(signal, "pthread_sigmask"):  # Windows
        yield
        return
    before = signal.pthread_sigmask(signal.SIG_BLOCK, _heeded())
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def _heeded() -> list[signal.Signals]:
    """The signals that interrupt; not those that whoever started us has had ignored, as `nohup` does."""
    known = [getattr(signal, name) for name in _SIGNALS if hasattr(signal, name)]
    return [each for each in known if signal.getsignal(each) is not signal.SIG_IGN]


@dataclass(slots=True)
class StopFlag:
    """Whether somebody wants the command to stop."""

    wanted: bool = False


@contextmanager
def stoppable() -> Iterator[StopFlag]:
    """Ends its body on Ctrl-C and when the process is told to end, without an error.

    The body meets no KeyboardInterrupt: Python ends with SIGINT when one was raised in code that `exec` has
    from a string, a data class among it, even where it was caught later.
    """
    stop = StopFlag()
    try:
        with interruptible():
            yield stop
    except Interrupted:
        stop.wanted = True
