"""HTTP on this machine, without proxies: requests to programs, and small servers."""

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
    """Return the JSON at a URL. Raise OSError if the request fails."""
    query = f"?{urlencode(parameters)}" if parameters else ""
    with _OPENER.open(f"{url}{query}", timeout=_PATIENCE) as answer:
        return json.load(answer)


def post(url: str) -> None:
    """Send a POST request without a body. Raise OSError if it fails."""
    _OPENER.open(urllib.request.Request(url, method="POST"), timeout=_PATIENCE).close()  # noqa: S310 - our own


def is_ready(url: str) -> bool:
    """Return whether the program at the URL is ready, by its `/-/ready`."""
    try:
        _OPENER.open(f"{url}/-/ready", timeout=1).close()
    except HTTPError as error:
        error.close()
        return False
    except OSError:
        return False
    return True


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
