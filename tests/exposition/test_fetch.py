"""An exposition is fetched as Prometheus would, within limits; every other response is a UserError."""

from __future__ import annotations

import gzip
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from victor_monitoring.base.diagnostics import UserError
from victor_monitoring.live.exposition.fetch import fetch

OPENMETRICS = "application/openmetrics-text; version=1.0.0; charset=utf-8"
TEXT = "text/plain; version=0.0.4; charset=utf-8"

Answer = Callable[[BaseHTTPRequestHandler], None]


@contextmanager
def target(answer: Answer) -> Iterator[str]:
    """Yield the address of a real server that answers every GET this way."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            answer(self)

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the name that it overrides
            """Nothing."""

    class Server(ThreadingHTTPServer):
        request_queue_size = 128  # a Prometheus may scrape hundreds of answers within a few seconds

    server = Server(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def sends(
    body: bytes, kind: str | None = TEXT, status: int = 200, length: int | None = None, **headers: str
) -> Answer:
    """Return an answer with this body and these headers; `_` in a name becomes a dash."""

    def answer(request: BaseHTTPRequestHandler) -> None:
        request.send_response(status)
        if kind is not None:
            request.send_header("Content-Type", kind)
        for name, value in headers.items():
            request.send_header(name.replace("_", "-"), value)
        request.send_header("Content-Length", str(len(body) if length is None else length))
        request.end_headers()
        request.wfile.write(body)

    return answer


@pytest.mark.parametrize(("kind", "openmetrics"), [(TEXT, False), (OPENMETRICS, True)])
@pytest.mark.parametrize("is_zipped", [False, True])
def test_an_exposition_is_fetched(kind, openmetrics, is_zipped) -> None:
    """Text and OpenMetrics arrive unchanged, gzipped or not."""
    text = 'a{b="é"} 1\n'
    body = text.encode()
    zipped = sends(gzip.compress(body), kind, Content_Encoding="gzip")
    with target(zipped if is_zipped else sends(body, kind)) as url:
        fetched = fetch(f"{url}/metrics?x=1")
    assert (fetched.text, fetched.openmetrics) == (text, openmetrics)


def test_every_member_of_a_gzip_body_is_read() -> None:
    """A body may consist of several gzip members."""
    body = gzip.compress(b"a 1\n") + gzip.compress(b"b 2\n")
    with target(sends(body, Content_Encoding="gzip")) as url:
        assert fetch(url).text == "a 1\nb 2\n"


def test_the_request() -> None:
    """It asks as Prometheus 2.42 does, and keeps the given path and query."""
    asked: list[tuple[str, str, str]] = []

    def answer(request: BaseHTTPRequestHandler) -> None:
        asked.append((request.path, request.headers["Accept"], request.headers["Accept-Encoding"]))
        sends(b"a 1\n")(request)

    with target(answer) as url:
        fetch(f"{url}/federate?match[]=up")
    assert asked == [
        (
            "/federate?match[]=up",
            (
                "application/openmetrics-text;version=1.0.0,application/openmetrics-text;version=0.0.1;q=0.75,"
                "text/plain;version=0.0.4;q=0.5,*/*;q=0.1"
            ),
            "gzip",
        )
    ]


@pytest.mark.parametrize("coding", ["identity", "chunked"])
def test_bytes_that_are_not_utf8_are_kept_for_the_parser(coding) -> None:
    """They become lone surrogates, in an answer of known length and in a chunked one."""

    def chunked(request: BaseHTTPRequestHandler) -> None:
        request.protocol_version = "HTTP/1.1"
        request.send_response(200)
        request.send_header("Content-Type", TEXT)
        request.send_header("Transfer-Encoding", "chunked")
        request.end_headers()
        request.wfile.write(b"4\r\n\xff 1\n\r\n0\r\n\r\n")

    with target(chunked if coding == "chunked" else sends(b"\xff 1\n")) as url:
        assert fetch(url).text == "\udcff 1\n"


def test_a_redirect_within_the_host_is_followed() -> None:
    """A target may redirect to another path on its host."""

    def answer(request: BaseHTTPRequestHandler) -> None:
        if request.path == "/metrics":
            sends(b"", status=307, Location="/metrics/")(request)
        else:
            sends(b"a 1\n")(request)

    with target(answer) as url:
        assert fetch(f"{url}/metrics").text == "a 1\n"


@pytest.mark.parametrize(
    ("answer", "message", "hint"),
    [
        (sends(b"no", status=404), "answered 404 Not Found", "/metrics"),
        (sends(b"no", status=401), "answered 401 Unauthorized", "curl"),
        (sends(b"no", status=503), "answered 503 Service Unavailable", "log"),
        (sends(b"no", status=799), "answered 799", "log"),
        (sends(b"", status=302, Location="http://localhost:1/"),
         "redirects to another host, port or scheme", "name that URL"),
        (sends(b"", status=302, Location="ftp://127.0.0.1/"),
         "redirects to another host, port or scheme", "name that URL"),
        (sends(b"", status=302, Location="file:///etc/passwd"),
         "redirects to another host, port or scheme", "name that URL"),
        (sends(b"", status=302), "answered 302", "log"),
        (sends(b"", status=302, Location="/metrics"), "redirects without end", "redirects"),
        (sends(b"<html>", "text/html"),
         "answered with the Content-Type `text/html`, which Prometheus 3 refuses", "/metrics"),
        (sends(b"{}", "application/json"), "answered with the Content-Type `application/json`", "/metrics"),
        (sends(b"a 1\n", None),
         "answered with no Content-Type, which Prometheus 3 refuses", "fallback_scrape_protocol"),
        (sends(b"a 1\n", "text/plain; charset"),
         "the Content-Type `text/plain; charset`", "text/plain; version=0.0.4"),
        (sends(b"a 1\n", status=203), "answered 203 Non-Authoritative Information", "answer 200"),
        (sends(b"a 1\n", Content_Encoding="br"), "answered with the encoding br; gzip was requested", "curl"),
        (sends(b"a 1\n", Content_Encoding="gzip"), "declares gzip, and its body is not gzip", "curl"),
        (sends(gzip.compress(b"a 1\n")[:-4], Content_Encoding="gzip"),
         "sent an incomplete gzip body", "again"),
        (sends(gzip.compress(b"a 1\n") + b"b 1\n", Content_Encoding="gzip"),
         "sent other bytes after its gzip body", "curl"),
        (sends(b"a 1\n", length=9), "(received 4 bytes, expected 9)", "again"),
        (lambda request: request.wfile.write(b"SSH-2.0-x\r\n"),
         "gave no complete HTTP response", "HTTP service"),
        (lambda request: None, "gave no complete HTTP response", "HTTP service"),
    ],
)  # fmt: skip
def test_an_answer_that_is_no_exposition(answer, message, hint) -> None:
    """Each is a UserError that names the URL, the answer, and a remedy."""
    with target(answer) as url, pytest.raises(UserError) as raised:
        fetch(f"{url}/metrics")
    assert raised.value.message.startswith(f"`{url}/metrics` ")
    assert message in raised.value.message
    assert hint in raised.value.hint


def test_a_target_that_sends_too_much(monkeypatch: pytest.MonkeyPatch) -> None:
    """A body above the limit is refused before it is read in full, gzipped or not."""
    monkeypatch.setattr("victor_monitoring.live.http.body.LARGEST", 2**20)
    large = b"a" * (2**20 + 1)
    for answer in (sends(large, length=2**40), sends(gzip.compress(large), Content_Encoding="gzip")):
        with target(answer) as url, pytest.raises(UserError, match="answers with more than 1 MiB"):
            fetch(url)


def test_a_target_that_hangs() -> None:
    """A target that does not answer, or sends byte by byte, costs the timeout and no more."""
    done = threading.Event()

    def drips(request: BaseHTTPRequestHandler) -> None:
        sends(b"", length=1000)(request)
        while not done.wait(0.05):
            request.wfile.write(b"a")

    def drips_headers(request: BaseHTTPRequestHandler) -> None:
        request.wfile.write(b"HTTP/1.1 200 OK\r\nX: ")
        for _ in range(200):
            if not done.wait(0.05):
                request.wfile.write(b"a")

    def hangs(_: BaseHTTPRequestHandler) -> None:
        done.wait(20)

    for answer in (hangs, drips, drips_headers):
        done.clear()
        with target(answer) as url:
            try:
                with pytest.raises(UserError, match=r"did not answer within 0\.5 s"):
                    fetch(url, timeout=0.5)
            finally:
                done.set()


def test_a_closed_port() -> None:
    """An address without a service is a UserError."""
    with target(sends(b"")) as url:
        pass
    with pytest.raises(UserError, match="cannot be reached") as raised:
        fetch(url)
    assert "that the service is running" in raised.value.hint


@pytest.mark.parametrize(
    "url",
    ["", "metrics", "localhost:8000/metrics", "file:///etc/passwd", "ftp://h/", "http://", "http://h:x/",
     "http://[::1", "http://h/a b", "http://h/\r\nX: y", "http://h/é", "http://u:geheim@h/", "http://h:0/",
     "http://u:geheim@h:x/", "u:geheim@h", "//u:geheim@h"],
)  # fmt: skip
def test_a_text_that_is_no_url(url) -> None:
    """It is refused before any request, and a password is never shown."""
    with pytest.raises(UserError) as raised:
        fetch(url)
    assert raised.value.hint
    assert "geheim" not in raised.value.message + raised.value.hint
    assert raised.value.message.isprintable()
