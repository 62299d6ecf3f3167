"""How long a test waits, for what must come and for what must not; and which threads it has to do with."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable

LONG = 30.0  # seconds: more than a loaded machine takes for anything here
SHORT = 0.2  # the deadline of reads that are meant to miss it


def until(holds: Callable[[], object]) -> None:
    """Waits until this holds; fails where it never does."""
    end = time.monotonic() + LONG
    while not holds():
        assert time.monotonic() < end, "it never came to hold"
        time.sleep(0.005)


def threads(name: str) -> list[threading.Thread]:
    """The threads of this name that are alive: those of other names come and go with other tests."""
    return [each for each in threading.enumerate() if each.name == name]
