"""A real HTTP server that answers by a function, cuts connections, and can restart at its address."""

from __future__ import annotations

import contextlib
import socket
import threading
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, unquote, urlsplit


@dataclass(frozen=True)
class Received:
    """A request: `target` is the path and query as received, the names of `headers` are in lower case."""

    method: str
    target: str
    headers: Mapping[str, str]
    body: str

    def __str__(self) -> str:
        return f"{self.method} /{'/'.join(self.parts)}"

    @property
    def parts(self) -> tuple[str, ...]:
        """The parts of the path, decoded."""
        return tuple(unquote(each) for each in urlsplit(self.target).path.split("/")[1:])

    @property
    def query(self) -> Mapping[str, list[str]]:
        """The query, decoded."""
        return parse_qs(urlsplit(self.target).query)

    @property
    def is_write(self) -> bool:
        """Whether the request asks for a change."""
        return self.method != "GET"


@dataclass(frozen=True)
class Reply:
    """An answer, sent at once, or byte by byte with `drip` seconds in between."""

    status: int
    body: str = ""
    headers: Mapping[str, str] = field(default_factory=dict)
    drip: float = 0.0


Answering = Callable[[Received], Reply | None]  # None: the connection is cut


class Server:
    """An HTTP server on a free port of 127.0.0.1, which stays reserved while the server is stopped."""

    def __init__(self, answering: Answering) -> None:
        self._handler = _handler(answering)
        self._reserved = socket.socket()  # bound but not listening: connections are refused
        self._reserved.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        self._reserved.bind(("127.0.0.1", 0))
        self._server: _Server | None = None
        self.url = f"http://127.0.0.1:{self._reserved.getsockname()[1]}"

    def start(self) -> None:
        """Answer from now on."""
        if self._server is None:
            self._server = _Server(self._reserved.getsockname(), self._handler)
            threading.Thread(target=self._server.serve_forever, args=(0.02,), daemon=True).start()

    def stop(self) -> None:
        """Refuse new connections from now on; existing ones stay open."""
        if self._server is not None:
            self._server.ended.set()
            self._server.shutdown()
            self._server.server_close()
            self._server = None

    def close(self) -> None:
        """Stop for good and release the port."""
        self.stop()
        self._reserved.close()


@contextlib.contextmanager
def listening(answering: Answering) -> Iterator[Server]:
    """Yield a server that answers until the block ends."""
    server = Server(answering)
    server.start()
    try:
        yield server
    finally:
        server.close()


class _Server(ThreadingHTTPServer):
    daemon_threads = True

    def __init__(self, place: tuple[str, int], handler: type[BaseHTTPRequestHandler]) -> None:
        self.ended = threading.Event()
        super().__init__(place, handler)

    def handle_error(self, *_: object) -> None:
        """Print nothing: connections are cut on purpose."""


def _handler(answering: Answering) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        disable_nagle_algorithm = True  # else every answer waits for an acknowledgement, 40 ms
        server: _Server

        def _answer(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length") or 0)).decode()
            headers = {name.lower(): value for name, value in self.headers.items()}
            found = answering(Received(self.command, self.path, headers, body))
            if found is None:
                self.close_connection = True
                self.connection.close()
                return
            self.send_response(found.status)
            content = found.body.encode()
            for name, value in {**found.headers, "Content-Length": str(len(content))}.items():
                self.send_header(name, value)
            self.end_headers()
            for index in range(0, len(content), 1 if found.drip else len(content)):
                self.wfile.write(content[index : index + 1] if found.drip else content)
                if found.drip and self.server.ended.wait(found.drip):
                    return

        do_GET = do_POST = do_DELETE = _answer  # noqa: N815 - the names that http.server looks for

        def log_message(self, *_: object) -> None:
            """Log nothing."""

        def finish(self) -> None:
            with contextlib.suppress(OSError, ValueError):
                super().finish()

    return Handler
