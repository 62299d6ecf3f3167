"""Servers of this process, on free ports of 127.0.0.1."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from socketserver import BaseRequestHandler, ThreadingTCPServer
from threading import Thread
from typing import Any


class _Server(ThreadingTCPServer):
    """Says nothing of a client that has hung up, and waits for none in the end."""

    daemon_threads = True
    request_queue_size = 64

    def handle_error(self, request: Any, client_address: Any) -> None:
        del request, client_address


@contextmanager
def listening(handler: type[BaseRequestHandler]) -> Iterator[str]:
    """The address, `127.0.0.1:PORT`, that is answered until the block ends."""
    with _Server(("127.0.0.1", 0), handler) as server:
        thread = Thread(target=server.serve_forever, args=(0.05,), name="http", daemon=True)
        thread.start()
        try:
            yield f"127.0.0.1:{server.server_address[1]}"
        finally:
            server.shutdown()
            thread.join()
