"""Commands that run until a signal: the code that the signal interrupts does not matter."""

from __future__ import annotations

import signal
import subprocess
import sys

import pytest

BODY = """
import os, signal
from victor_monitoring.base.interruption import stoppable

with stoppable() as stop:
    {body}
print(stop.wanted)
"""


@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
@pytest.mark.parametrize("body", ["{kill}", "exec({kill!r})"], ids=["plain", "in code made from text"])
def test_it_stops_without_an_error(how, body):
    """An interrupted `exec`, as of a data class, does not change the exit status."""
    kill = f"os.kill(os.getpid(), {int(how)}); signal.pause()"
    script = BODY.format(body=body.format(kill=kill))
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, timeout=60, check=False
    )
    assert (done.returncode, done.stdout, done.stderr) == (0, "True\n", "")
