"""Ctrl-C and a polite request to end: when they take effect, and when not."""

from __future__ import annotations

import contextlib
import signal
import threading
from collections.abc import Callable, Iterator
from types import FrameType
from typing import Final

_SIGNALS: Final = (signal.SIGINT, signal.SIGTERM)


class Interrupted(BaseException):
    """Somebody asked the run to end. No `except Exception` is meant to catch it."""


@contextlib.contextmanager
def interruptible() -> Iterator[None]:
    """Ctrl-C and a polite request to end become one `Interrupted` inside; any further one is ignored."""

    def interrupt(_: int, __: FrameType | None) -> None:
        for each in _SIGNALS:
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

    A system that is left alone with a change may make it later: after it was found not to have.
    """
    pending: list[int] = []
    try:
        with _handling(lambda number, _: pending.append(number)):
            yield
    finally:
        if pending:
            signal.raise_signal(pending[0])


@contextlib.contextmanager
def _handling(handler: Callable[[int, FrameType | None], None] | signal.Handlers) -> Iterator[None]:
    if threading.current_thread() is not threading.main_thread():
        yield  # only the main thread is ever interrupted
        return
    before = {each: signal.signal(each, handler) for each in _SIGNALS}
    try:
        yield
    finally:
        for each, old in before.items():
            signal.signal(each, old)
