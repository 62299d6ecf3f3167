"""A proxy between us and a live system, at the wire: it can refuse, lose, or be gone from a request on."""

from __future__ import annotations

import contextlib
import http.client
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Literal
from urllib.parse import urlsplit

Fault = Literal["refused", "lost", "gone", ""]


@dataclass(frozen=True)
class Request:
    """A request that came by: the target's name, the method and the path without its query."""

    target: str
    method: str
    path: str

    def __str__(self) -> str:
        return f"{self.method} {self.path}"


@dataclass
class Wire:
    """What several proxies share: every request in order, and what is done with it."""

    requests: list[Request] = field(default_factory=list)
    judge: Callable[[int, Request], Fault] = field(default=lambda number, request: "")
    gone: set[str] = field(default_factory=set)
    credentials: set[tuple[str, str]] = field(default_factory=set)  # each target's
    lock: threading.Lock = field(default_factory=threading.Lock)

    def reset(self, judge: Callable[[int, Request], Fault] | None = None) -> None:
        """Nothing has come by, and `judge` decides from now on."""
        self.requests.clear()
        self.gone.clear()
        self.judge = judge or (lambda number, request: "")

    def fault(self, request: Request) -> Fault:
        """What happens to a request."""
        with self.lock:
            self.requests.append(request)
            found: Fault = (
                "gone" if request.target in self.gone else self.judge(len(self.requests) - 1, request)
            )
            if found == "gone":
                self.gone.add(request.target)
            return found


@contextlib.contextmanager
def proxy(name: str, url: str, wire: Wire) -> Iterator[str]:
    """The address of a proxy before `url`."""
    place = urlsplit(url)

    class Handler(BaseHTTPRequestHandler):
        def _pass(self) -> None:
            wire.credentials.add((name, self.headers.get("Authorization", "")))
            fault = wire.fault(Request(name, self.command, self.path.partition("?")[0]))
            body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            if fault == "refused":
                self._answer(500, b"refused on the way", "text/plain")
                return
            if fault != "gone":
                behind = http.client.HTTPConnection(place.hostname or "", place.port, timeout=20)
                behind.request(self.command, self.path, body)
                answer = behind.getresponse()
                text = answer.read()
                behind.close()
                if not fault:
                    self._answer(answer.status, text, answer.headers.get("Content-Type", ""))
                    return
            self.close_connection = True  # without an answer
            self.connection.close()

        do_GET = do_POST = _pass  # noqa: N815 - the names that are looked for

        def _answer(self, status: int, body: bytes, kind: str) -> None:
            self.send_response(status)
            self.send_header("Content-Type", kind)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            """Says nothing."""

        def finish(self) -> None:
            with contextlib.suppress(OSError, ValueError):
                super().finish()

    class Server(ThreadingHTTPServer):
        daemon_threads = True

        def handle_error(self, *_: object) -> None:
            """A connection that was cut is what is wanted."""

    server = Server(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}"
    finally:
        server.shutdown()
        server.server_close()
