"""Waiting in tests: limits for expected events and deadlines, and lists of live threads."""

from __future__ import annotations

import signal
import subprocess
import threading
import time
from collections.abc import Callable
from contextlib import suppress

LONG = 30.0  # seconds: more than any step takes on a loaded machine
SHORT = 0.2  # seconds: the deadline of reads that must miss it


def until(holds: Callable[[], object]) -> None:
    """Wait until the condition is true; fail if it never is."""
    end = time.monotonic() + LONG
    while not holds():
        assert time.monotonic() < end, "it never came to hold"
        time.sleep(0.005)


def stop(server: subprocess.Popen[bytes]) -> None:
    """Interrupt a server, and kill it if it does not end."""
    server.send_signal(signal.SIGINT)
    with suppress(subprocess.TimeoutExpired):
        server.wait(LONG)
    server.kill()
    server.wait()


def threads(name: str) -> list[threading.Thread]:
    """Return the live threads with this name; threads of other names belong to other tests."""
    return [each for each in threading.enumerate() if each.name == name]
