"""A script that runs a program, and ends it and removes its folder when the script's parent is gone.

It uses the standard library only: `python supervisor.py FOLDER PROGRAM ARGUMENT...`. It is a process between
the two, in a session of its own, because a killed process cannot clean up. Its standard input is a pipe that
the parent never writes to: end of file means that the parent has ended, for any reason. If the program ends
by itself, its last output is printed.
"""

from __future__ import annotations

import ctypes
import os
import shutil
import signal
import subprocess
import sys
from contextlib import suppress
from pathlib import Path
from threading import Event, Thread

_GRACE = 5  # seconds to end in
_TAIL = 2000  # bytes of output that are printed
_PR_SET_PDEATHSIG = 1  # linux/prctl.h


def main() -> None:
    """Run the program of the command line until standard input ends."""
    folder, *command = sys.argv[1:]
    log = Path(folder) / "log"
    with log.open("wb") as output:
        process = subprocess.Popen(  # noqa: S603 - the demo's own command
            command,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
            preexec_fn=_end_with_parent if sys.platform == "linux" else None,  # noqa: PLW1509 - no thread runs yet
        )
    stopping = Event()
    Thread(target=_follow, args=(process, stopping, log), daemon=True).start()
    sys.stdin.buffer.read()
    stopping.set()
    process.terminate()
    with suppress(subprocess.TimeoutExpired):
        process.wait(_GRACE)
    process.kill()
    process.wait()
    shutil.rmtree(folder, ignore_errors=True)


def _end_with_parent() -> None:
    """Let the kernel kill this process with its parent, in case the supervisor itself is killed."""
    with suppress(AttributeError, OSError):  # a C library without prctl
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)


def _follow(process: subprocess.Popen[bytes], stopping: Event, log: Path) -> None:
    """End the supervisor if the program ends first."""
    process.wait()
    if not stopping.is_set():
        with suppress(OSError):  # the parent no longer reads it
            os.write(1, log.read_bytes()[-_TAIL:])
        shutil.rmtree(log.parent, ignore_errors=True)
        os._exit(1)  # the main thread is blocked on its input


if __name__ == "__main__":
    main()
