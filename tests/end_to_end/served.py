"""`victor-mon serve` in a process of its own, on a free port of 127.0.0.1."""

from __future__ import annotations

import subprocess
import sys
import threading
import urllib.request
from collections.abc import Mapping
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
PATIENCE = 60  # seconds, for a start on a machine that is busy


class Served:
    """A served spec; `start` again with other faults keeps its port."""

    def __init__(self, spec: Path, *options: str) -> None:
        self._command = [sys.executable, "-m", "victor_monitoring", "serve", "--spec", str(spec), *options]
        self._process: subprocess.Popen[str] | None = None
        self.port = 0
        self.urls: list[str] = []

    @property
    def instance(self) -> str:
        """What Prometheus calls it."""
        return f"127.0.0.1:{self.port}"

    def start(self, *options: str) -> None:
        """Serves, once it has printed its URLs."""
        command = [*self._command, "--port", str(self.port), *options]
        self._process = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True)
        assert self._process.stdout is not None
        self.urls = []
        impatience = threading.Timer(PATIENCE, self._process.kill)
        impatience.start()
        for line in self._process.stdout:
            self.urls.append(line.strip())
            if line.endswith("/docs\n"):
                break
        impatience.cancel()
        assert self.urls, f"{command} has printed no URL"
        self.port = int(self.urls[0].split("/")[2].rpartition(":")[2])

    def stop(self) -> int:
        """Ends it as a supervisor does; gives its exit status."""
        if self._process is None:
            return 0
        self._process.terminate()
        with self._process as process:
            return process.wait(timeout=PATIENCE)

    def get(self, path: str, headers: Mapping[str, str] | None = None) -> tuple[str, str]:
        """What it answers: the content type and the text."""
        request = urllib.request.Request(f"http://{self.instance}{path}", headers=dict(headers or {}))
        with urllib.request.urlopen(request, timeout=PATIENCE) as answer:  # noqa: S310 - our own
            return answer.headers["Content-Type"], answer.read().decode()
