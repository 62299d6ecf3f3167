"""Programs that end with this process, even if it is killed."""

from __future__ import annotations

import itertools
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from victor_monitoring.base.diagnostics import UserError
from victor_monitoring.demo import supervisor
from victor_monitoring.live.http.client import HttpClient
from victor_monitoring.live.http.response import HttpError

_ATTEMPTS: Final = 3  # another process may take a port that was free
_START: Final = 60  # seconds, on a busy machine


@dataclass(frozen=True, slots=True)
class SupervisedProgram:
    """The URL of a running program, and its folder, which is removed with it."""

    url: str
    folder: Path


@contextmanager
def supervised(name: str, command: Callable[[Path, int], Sequence[str]]) -> Iterator[SupervisedProgram]:
    """Yield a program that is ready; raise UserError if it does not start.

    `command` returns its command line for a new folder and a port of 127.0.0.1.
    """
    for attempt in itertools.count(1):
        folder, port = Path(tempfile.mkdtemp(prefix=f"victor-mon-{name}-")), _free_port()
        url = f"http://127.0.0.1:{port}"
        with _supervisor(folder, command(folder, port)) as process:
            if _is_started(url, process):
                yield SupervisedProgram(url, folder)
                return
            output = _last_output(process)
        if attempt == _ATTEMPTS:
            raise UserError(f"`{name}` does not start", output)


@contextmanager
def _supervisor(folder: Path, command: Sequence[str]) -> Iterator[subprocess.Popen[bytes]]:
    """Yield a supervisor of the command; at the end of the block both end, and the folder is removed."""
    with subprocess.Popen(  # noqa: S603 - our own script
        [sys.executable, "-I", "-S", supervisor.__file__, str(folder), *command],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        start_new_session=True,  # Ctrl-C ends this process; the supervisor ends after it
    ) as process:
        assert process.stdin is not None
        try:
            yield process
        finally:
            process.stdin.close()
            process.wait()


def _is_started(url: str, process: subprocess.Popen[bytes]) -> bool:
    deadline = time.monotonic() + _START
    with closing(HttpClient(url, patience=1)) as client:
        while time.monotonic() < deadline and process.poll() is None:
            with suppress(HttpError):
                client.send("GET", "/-/ready", repeat=False)
                return process.poll() is None  # else another program answers on this port
            time.sleep(0.05)
    return False


def _last_output(process: subprocess.Popen[bytes]) -> str:
    """Return the last output of a program that has ended."""
    if process.poll() is None or process.stdout is None:
        return f"it is not ready after {_START} seconds"
    return process.stdout.read().decode(errors="replace").strip()


def _free_port() -> int:
    """Return a free port of 127.0.0.1."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port
