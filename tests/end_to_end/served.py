"""`victor-mon serve` as a process on a free port of 127.0.0.1."""

from __future__ import annotations

import subprocess
import sys
import threading
import urllib.request
from collections.abc import Mapping
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
PATIENCE = 60  # seconds, for a start on a busy machine


class Served:
    """A served spec that keeps its port when it is started again with other faults."""

    def __init__(self, spec: Path, *options: str) -> None:
        self._command = [sys.executable, "-m", "victor_monitoring", "serve", "--spec", str(spec), *options]
        self._process: subprocess.Popen[str] | None = None
        self.port = 0
        self.urls: list[str] = []

    @property
    def instance(self) -> str:
        """Its `instance` label."""
        return f"127.0.0.1:{self.port}"

    def start(self, *options: str) -> None:
        """Start the process, and wait until it has printed its URLs."""
        command = [*self._command, "--port", str(self.port), *options]
        self._process = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True)
        assert self._process.stdout is not None
        self.urls = []
        watchdog = threading.Timer(PATIENCE, self._process.kill)
        watchdog.start()
        for line in self._process.stdout:
            self.urls.append(line.strip())
            if line.endswith("/docs\n"):
                break
        watchdog.cancel()
        assert self.urls, f"{command} has printed no URL"
        self.port = int(self.urls[0].split("/")[2].rpartition(":")[2])

    def stop(self) -> int:
        """Terminate the process as a supervisor does, and return its exit status."""
        if self._process is None:
            return 0
        self._process.terminate()
        with self._process as process:
            return process.wait(timeout=PATIENCE)

    def get(self, path: str, headers: Mapping[str, str] | None = None) -> tuple[str, str]:
        """Return the content type and the text of an answer."""
        request = urllib.request.Request(f"http://{self.instance}{path}", headers=dict(headers or {}))
        with urllib.request.urlopen(request, timeout=PATIENCE) as answer:  # noqa: S310 - our own
            return answer.headers["Content-Type"], answer.read().decode()
