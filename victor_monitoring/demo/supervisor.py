"""Runs a program, and ends it and removes its folder when whoever started this is gone.

A script with the standard library only: `python keeper.py FOLDER PROGRAM ARGUMENT...`. It stands between the
two, in a session of its own, because a process that is killed cannot clean up. Its standard input is a pipe
that nobody writes to: the end of it is the end of the other side, whatever that died of. Where the program
ends by itself, the last lines that it said are printed.
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
_SAID = 2000  # bytes: some lines
_PR_SET_PDEATHSIG = 1  # linux/prctl.h


def main() -> None:
    """Keeps the program that the command line names."""
    folder, *command = sys.argv[1:]
    log = Path(folder) / "log"
    with log.open("wb") as output:
        process = subprocess.Popen(  # noqa: S603 - the demonstration's own command
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
    """Has the kernel end this process with its parent, should the keeper itself be killed."""
    with suppress(AttributeError, OSError):  # a C library without it
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)


def _follow(process: subprocess.Popen[bytes], stopping: Event, log: Path) -> None:
    """Ends the keeper with the program, where that ends first."""
    process.wait()
    if not stopping.is_set():
        with suppress(OSError):  # nobody reads it any more
            os.write(1, log.read_bytes()[-_SAID:])
        shutil.rmtree(log.parent, ignore_errors=True)
        os._exit(1)  # the main thread waits for its input


if __name__ == "__main__":
    main()
