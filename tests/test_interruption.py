"""Signals take effect at once, at the end, or never: in this process and in its child processes."""

from __future__ import annotations

import signal
import subprocess
import sys
from textwrap import indent

import pytest

SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
SCRIPT = """
import os, signal, subprocess, sys, threading
from victor_monitoring.base.interruption import Interrupted, interruptible, shielded, unbroken

try:
    with interruptible():
{body}
except Interrupted:
    print("interrupted")
"""
KILL = "os.kill(os.getpid(), {how:d})"
# As a terminal does: both the child process and this process receive the signal.
KILL_BOTH = """\
program = "import os; os.kill(os.getppid(), {how:d}); os.kill(os.getpid(), {how:d}); print('to its end')"
print(subprocess.run([sys.executable, "-c", program], stdout=subprocess.PIPE, text=True).stdout.strip())
"""


def run(body: str) -> str:
    """Return the output of a process that runs `body`; `Interrupted` prints its last line."""
    script = SCRIPT.format(body=indent(body, "        "))
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, timeout=60, check=True
    )
    assert done.stderr == ""
    return done.stdout


@pytest.mark.parametrize("how", SIGNALS)
def test_at_once(how: signal.Signals) -> None:
    """The first signal interrupts at once; further ones are ignored."""
    assert run(f"{KILL}; print('not reached')".format(how=how)) == "interrupted\n"
    twice = f"try:\n    {KILL}; signal.pause()\nfinally:\n    {KILL}; print('tidy')"
    assert run(twice.format(how=how)) == "tidy\ninterrupted\n"


@pytest.mark.parametrize("how", SIGNALS)
def test_at_the_end(how: signal.Signals) -> None:
    """The child process runs to its end too, and then the interruption takes effect."""
    body = f"with unbroken():\n{indent(KILL_BOTH, '    ')}    print('whole')\nprint('not reached')"
    assert run(body.format(how=how)) == "to its end\nwhole\ninterrupted\n"


def test_at_the_end_whichever_thread_it_meets() -> None:
    """A signal that the system delivers to a thread which does not block it is deferred as well."""
    body = """\
done = threading.Event()
thread = threading.Thread(target=done.wait)
thread.start()
with unbroken():
    signal.pthread_kill(thread.ident, signal.SIGINT)
    done.set()
    thread.join()
    print("whole")
print("not reached")
"""
    assert run(body) == "whole\ninterrupted\n"


def test_never() -> None:
    """A signal in a shielded body has no effect, so that a rollback is never half done."""
    assert run(f"with shielded():\n    {KILL}\nprint('reached')".format(how=signal.SIGINT)) == "reached\n"


def test_an_ignored_signal_stays_ignored() -> None:
    """A signal that the parent process set to ignored, as `nohup` does, interrupts nothing."""
    script = (
        f"signal.signal(signal.SIGHUP, signal.SIG_IGN)\nwith interruptible():\n    {KILL}\nprint('reached')"
    )
    assert run(script.format(how=signal.SIGHUP)) == "reached\n"


def test_another_thread_is_never_interrupted() -> None:
    """Handlers belong to the main thread; in another one the body runs without them."""
    body = """\
def change():
    with unbroken():
        print("changed")
thread = threading.Thread(target=change)
thread.start()
thread.join()
"""
    assert run(body) == "changed\n"
