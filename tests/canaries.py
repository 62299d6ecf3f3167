"""Detection of leaked secrets: in output, logs, program arguments and temporary files.

Every secret in the tests begins with `canary-`. `watched` fails if one leaks while its block runs.
"""

from __future__ import annotations

import base64
import contextlib
import io
import logging
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Final

_MARK: Final = b"canary-"
_HOSTS: Final = b"canary-host-"  # secrets in the host's own configuration, which is also written for amtool


def _guises() -> Iterator[bytes]:
    yield _MARK
    for shift in range(3):  # base64 encodes a text differently at each offset modulo 3
        first, last = -(-8 * shift // 6), 8 * (shift + len(_MARK)) // 6  # its bits only
        yield base64.b64encode(bytes(shift) + _MARK)[first:last]


GUISES: Final = tuple(_guises())


class _Watch:
    """An audit hook that examines started programs and removed or renamed files while it is `on`."""

    def __init__(self) -> None:
        self.on = False
        self.seen: list[str] = []

    def __call__(self, event: str, arguments: tuple[object, ...]) -> None:
        if not self.on:
            return
        if event == "subprocess.Popen":
            self.look("arguments", repr(arguments[1]).encode())
        elif event in ("os.remove", "os.rename", "shutil.rmtree"):
            path = Path(str(arguments[0]))
            for each in path.rglob("*") if path.is_dir() else [path]:
                with contextlib.suppress(OSError):
                    self.look(str(each), each.read_bytes().replace(_HOSTS, b""))

    def look(self, place: str, text: bytes) -> None:
        """Record the place if the text contains a secret."""
        if any(guise in text for guise in GUISES):
            self.seen.append(place)


_WATCH: Final = _Watch()
sys.addaudithook(_WATCH)


@contextlib.contextmanager
def watched(*printed: io.StringIO) -> Iterator[None]:
    """Fail if a secret was logged, printed, passed to a program, or in a file that was removed or renamed."""
    log = io.StringIO()
    handler, root = logging.StreamHandler(log), logging.getLogger()
    level = root.level
    root.addHandler(handler)
    root.setLevel(logging.DEBUG)
    _WATCH.on, _WATCH.seen = True, []
    try:
        yield
    finally:
        _WATCH.on = False
        root.setLevel(level)
        root.removeHandler(handler)
    _WATCH.look("log", log.getvalue().encode())
    for each in printed:
        _WATCH.look("output", each.getvalue().encode())
    assert not _WATCH.seen, f"a secret is in {', '.join(_WATCH.seen)}"
