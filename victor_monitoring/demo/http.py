"""What the programs on this machine answer, past any proxy."""

from __future__ import annotations

import json
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from socketserver import BaseRequestHandler, ThreadingTCPServer
from threading import Thread
from typing import Any, Final
from urllib.error import HTTPError
from urllib.parse import urlencode

_PATIENCE: Final = 10  # seconds
_OPENER: Final = urllib.request.build_opener(urllib.request.ProxyHandler({}))


def json_at(url: str, **parameters: str) -> Any:
    """The JSON that a URL answers with. OSError where it does not."""
    query = f"?{urlencode(parameters)}" if parameters else ""
    with _OPENER.open(f"{url}{query}", timeout=_PATIENCE) as answer:
        return json.load(answer)


def post(url: str) -> None:
    """Asks for what a URL does. OSError where it does not."""
    _OPENER.open(urllib.request.Request(url, method="POST"), timeout=_PATIENCE).close()  # noqa: S310 - our own


def is_ready(url: str) -> bool:
    """Whether the program at the URL says that it is ready."""
    try:
        _OPENER.open(f"{url}/-/ready", timeout=1).close()
    except HTTPError as error:
        error.close()
        return False
    except OSError:
        return False
    return True


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
