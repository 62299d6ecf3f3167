"""A command that runs until somebody has it stop."""

from __future__ import annotations

import signal
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass


@dataclass(slots=True)
class Stop:
    """Whether somebody wants the command to stop."""

    wanted: bool = False


@contextmanager
def stoppable() -> Iterator[Stop]:
    """Ends its body on Ctrl-C and when the process is told to end, without an error."""
    stop = Stop()
    before = {
        each: signal.signal(each, signal.default_int_handler) for each in (signal.SIGINT, signal.SIGTERM)
    }
    try:
        yield stop
    except KeyboardInterrupt:
        stop.wanted = True
    finally:
        for each, handler in before.items():
            signal.signal(each, handler)
