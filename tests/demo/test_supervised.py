"""Programs that end with their parent."""

from __future__ import annotations

import sys
from pathlib import Path

import psutil
import pytest

from victor_monitoring.base.diagnostics import UserError
from victor_monitoring.demo.supervised import supervised

READY = """
import http.server, sys
class Handler(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(200)
        self.end_headers()
http.server.HTTPServer(("127.0.0.1", int(sys.argv[1])), Handler).serve_forever()
"""


def test_a_program_runs_until_the_block_ends():
    """Program, supervisor and folder are gone after the block."""
    before = set(psutil.Process().children(recursive=True))
    with supervised("ready", lambda _, port: [sys.executable, "-c", READY, str(port)]) as program:
        started = set(psutil.Process().children(recursive=True)) - before
        assert len(started) == 2
        assert program.folder.is_dir()
    assert not any(each.is_running() for each in started)
    assert not program.folder.exists()


def test_a_program_that_does_not_start():
    """The hint is its last output; the folders of all attempts are removed."""
    folders: list[Path] = []

    def command(folder: Path, _: int) -> list[str]:
        folders.append(folder)
        return [sys.executable, "-c", "print('out of order'); raise SystemExit(3)"]

    with pytest.raises(UserError, match="`broken` does not start") as raised, supervised("broken", command):
        pass
    assert raised.value.hint == "out of order"
    assert len(folders) == 3
    assert not any(folder.exists() for folder in folders)
