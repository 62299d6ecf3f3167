"""A connection that is cut when its time is over, however slowly the other side talks."""

from __future__ import annotations

import contextlib
import socket
import threading
from collections.abc import Iterator, Mapping
from typing import Any, Final

_CONNECTED: Final = ("connection.connect_tcp.complete", "connection.start_tls.complete")


class Cut:
    """Cuts the latest connection of an httpx client, which tells of its connections by `trace`.

    A time-out of httpx is for each read alone: who sends a header byte by byte is waited for without end.
    """

    def __init__(self) -> None:
        self._socket: socket.socket | None = None

    def trace(self, event: str, info: Mapping[str, Any]) -> None:
        """To be given to each request as its extension `trace`."""
        if event in _CONNECTED:
            self._socket = info["return_value"].get_extra_info("socket")

    @contextlib.contextmanager
    def after(self, seconds: float) -> Iterator[None]:
        """The connection is cut so many seconds after the block began, if it has not ended by then."""
        timer = threading.Timer(seconds, self._now)
        timer.daemon = True
        timer.start()
        try:
            yield
        finally:
            timer.cancel()

    def _now(self) -> None:
        if self._socket is not None:
            with contextlib.suppress(OSError):
                # Not the method of a TLS socket, which another thread is reading from.
                socket.socket.shutdown(self._socket, socket.SHUT_RDWR)
