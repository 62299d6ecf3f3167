"""No secret is seen where it must not be: printed, logged, given to a program, or in a file for a while.

Every secret in the tests begins with `canary-`. `watched` holds whatever runs inside it to that.
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
_HOSTS: Final = b"canary-host-"  # what stands in the file of an Alertmanager's owner, and for amtool to read


def _guises() -> Iterator[bytes]:
    yield _MARK
    for shift in range(3):  # in base64 it looks otherwise at each of three places
        first, last = -(-8 * shift // 6), 8 * (shift + len(_MARK)) // 6  # what is of its bits alone
        yield base64.b64encode(bytes(shift) + _MARK)[first:last]


GUISES: Final = tuple(_guises())


class _Watch:
    """What Python itself tells of programs that are started and files that go, while it is `on`."""

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
        """Notes the place where a secret is in the text."""
        if any(guise in text for guise in GUISES):
            self.seen.append(place)


_WATCH: Final = _Watch()
sys.addaudithook(_WATCH)


@contextlib.contextmanager
def watched(*printed: io.StringIO) -> Iterator[None]:
    """Fails where a secret was logged, given to a program, printed, or in a file that is gone."""
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
