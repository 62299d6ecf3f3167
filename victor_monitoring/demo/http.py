"""Small HTTP servers on this machine."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from socketserver import BaseRequestHandler, ThreadingTCPServer
from threading import Thread
from typing import Any


class _Server(ThreadingTCPServer):
    """A server that ignores clients which disconnect, and waits for none at shutdown."""

    daemon_threads = True
    request_queue_size = 64

    def handle_error(self, request: Any, client_address: Any) -> None:
        del request, client_address


@contextmanager
def listening(handler: type[BaseRequestHandler]) -> Iterator[str]:
    """Yield the address, `127.0.0.1:PORT`, on which `handler` answers requests."""
    with _Server(("127.0.0.1", 0), handler) as server:
        thread = Thread(target=server.serve_forever, args=(0.05,), name="http", daemon=True)
        thread.start()
        try:
            yield f"127.0.0.1:{server.server_address[1]}"
        finally:
            server.shutdown()
            thread.join()
