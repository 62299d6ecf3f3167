"""A command that runs until somebody has it stop."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from victor_monitoring.interruption import Interrupted, interruptible


@dataclass(slots=True)
class Stop:
    """Whether somebody wants the command to stop."""

    wanted: bool = False


@contextmanager
def stoppable() -> Iterator[Stop]:
    """Ends its body on Ctrl-C and when the process is told to end, without an error.

    The body meets no KeyboardInterrupt: Python ends with SIGINT when one was raised in code that `exec` has
    from a string, a data class among it, even where it was caught later.
    """
    stop = Stop()
    try:
        with interruptible():
            yield stop
    except Interrupted:
        stop.wanted = True
