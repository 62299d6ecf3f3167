"""Programs that end when we do."""

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


def test_a_program_that_is_ready_is_kept_until_the_block_ends():
    """Then neither it, nor its keeper, nor its folder is left."""
    before = set(psutil.Process().children(recursive=True))
    with supervised("ready", lambda _, port: [sys.executable, "-c", READY, str(port)]) as program:
        mine = set(psutil.Process().children(recursive=True)) - before
        assert len(mine) == 2
        assert program.folder.is_dir()
    assert not any(each.is_running() for each in mine)
    assert not program.folder.exists()


def test_a_program_that_does_not_start_tells_why():
    """In its own words; nothing of the attempts is left."""
    folders: list[Path] = []

    def command(folder: Path, _: int) -> list[str]:
        folders.append(folder)
        return [sys.executable, "-c", "print('out of order'); raise SystemExit(3)"]

    with pytest.raises(UserError, match="`broken` does not start") as told, supervised("broken", command):
        pass
    assert told.value.hint == "out of order"
    assert len(folders) == 3
    assert not any(folder.exists() for folder in folders)
