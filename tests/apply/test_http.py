"""The HTTP client with a live system that misbehaves."""

from __future__ import annotations

import base64
import contextlib
import gzip
import logging
import socket
import ssl
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from victor_monitoring.base.diagnostics import UserError
from victor_monitoring.live.apply.environment import ApplyEnvironment
from victor_monitoring.live.http.client import HttpClient
from victor_monitoring.live.http.response import HttpError
from victor_monitoring.live.targets.prometheus import PrometheusSettings

CANARY = "canary-token-8c1f"
Answer = Callable[[BaseHTTPRequestHandler], None]


def says(status: int, body: str = "{}", **headers: str) -> Answer:
    """Return an answer with that status, body and headers; `_` in header names becomes a dash."""

    def answer(request: BaseHTTPRequestHandler) -> None:
        request.send_response(status)
        for name, value in headers.items():
            request.send_header(name.replace("_", "-"), value)
        request.send_header("Content-Length", str(len(body.encode())))
        request.end_headers()
        request.wfile.write(body.encode())

    return answer


def sends(body: bytes, coding: str = "gzip") -> Answer:
    """Return an answer with this body in this coding."""

    def answer(request: BaseHTTPRequestHandler) -> None:
        request.send_response(200)
        request.send_header("Content-Encoding", coding)
        request.send_header("Content-Length", str(len(body)))
        request.end_headers()
        request.wfile.write(body)

    return answer


class ScriptedServer:
    """A server that gives its answers one by one, and then repeats the last one."""

    def __init__(self, *answers: Answer, tls: ssl.SSLContext | None = None) -> None:
        self.seen: list[tuple[str, str, str]] = []
        server = self

        class Handler(BaseHTTPRequestHandler):
            def _answer(self) -> None:
                number = min(len(server.seen), len(answers) - 1)
                server.seen.append((self.command, self.path, self.headers.get("Authorization", "")))
                with contextlib.suppress(OSError):
                    answers[number](self)

            do_GET = do_POST = _answer  # noqa: N815 - the names that http.server looks for

            def log_message(self, *_: object) -> None:
                """Log nothing."""

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        if tls is not None:
            self._server.socket = tls.wrap_socket(self._server.socket, server_side=True)
        scheme = "http" if tls is None else "https"
        self.url = f"{scheme}://127.0.0.1:{self._server.server_address[1]}"
        threading.Thread(target=self._server.serve_forever, args=(0.02,), daemon=True).start()

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()


def self_signed(folder: Path) -> ssl.SSLContext:
    """Return the TLS of a server at 127.0.0.1 whose certificate is cert.pem in the folder."""
    key, certificate = folder / "key.pem", folder / "cert.pem"
    make = ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "1"]
    names = ["-subj", "/CN=127.0.0.1", "-addext", "subjectAltName=IP:127.0.0.1"]
    files = ["-keyout", str(key), "-out", str(certificate)]
    subprocess.run([*make, *names, *files], check=True, capture_output=True)
    tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    tls.load_cert_chain(certificate, key)
    return tls


@contextlib.contextmanager
def client(
    *answers: Answer, patience: float = 20.0, **settings: object
) -> Iterator[tuple[HttpClient, ScriptedServer]]:
    """Yield a client with a token, and its server with these answers."""
    server = ScriptedServer(*answers)
    try:
        with contextlib.ExitStack() as held:
            environment = ApplyEnvironment(Path(), print, held, patience=patience)
            written = {"url": server.url, "token": {"env": "CANARY"}, **settings}
            yield PrometheusSettings.model_validate(written).client(environment), server
    finally:
        server.close()


@pytest.fixture(autouse=True)
def _canary(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CANARY", CANARY)


def test_a_token_is_sent() -> None:
    """The token is in the header of every request, and nowhere else."""
    with client(says(200, '{"a": 1}')) as (http, server):
        assert http.get("/x", {"q": "a b"}) == {"a": 1}
        http.send("POST", "/y")
    asked = [(method, path.replace("%20", "+"), token) for method, path, token in server.seen]
    assert asked == [("GET", "/x?q=a+b", f"Bearer {CANARY}"), ("POST", "/y", f"Bearer {CANARY}")]


def test_a_password_is_sent() -> None:
    """A user name with a password is sent as basic authentication."""
    with client(says(200), token=None, username="me", password={"env": "CANARY"}) as (http, server):
        http.get("/")
    assert server.seen[0][2] == "Basic bWU6Y2FuYXJ5LXRva2VuLThjMWY="


def test_a_password_beyond_ascii(monkeypatch: pytest.MonkeyPatch) -> None:
    """A user name and a password beyond ASCII are sent as UTF-8, as in RFC 7617; a token has no encoding."""
    monkeypatch.setenv("CANARY", "canary-pässwörd")
    refusal = says(403, "no: canary-p\\u00e4ssw\\u00f6rd, canary-pässwörd")
    with (
        client(refusal, token=None, username="mé", password={"env": "CANARY"}) as (http, server),
        pytest.raises(HttpError, match="no: <redacted>, <redacted>") as refused,
    ):
        http.get("/")
    assert base64.b64decode(server.seen[0][2].removeprefix("Basic ")).decode() == "mé:canary-pässwörd"
    assert "ssw" not in refused.value.message
    with pytest.raises(UserError, match="characters beyond ASCII") as malformed, client(says(200)):
        pass
    assert "ssw" not in malformed.value.message


@pytest.mark.parametrize("status", [429, 500, 502, 503, 504])
def test_a_temporary_failure_is_repeated(status: int) -> None:
    """A GET is repeated with growing pauses; a POST only if the caller allows it."""
    with client(says(status), says(status), says(200)) as (http, server):
        start = time.monotonic()
        http.get("/")
        assert (len(server.seen), time.monotonic() - start > 0.6) == (3, True)
    with client(says(status), says(200)) as (http, server):
        with pytest.raises(HttpError) as refused:
            http.send("POST", "/")
        assert (len(server.seen), refused.value.status) == (1, status)
    with client(says(status), says(200)) as (http, server):
        assert http.send("POST", "/", repeat=True).status == 200


def test_retry_after() -> None:
    """`Retry-After` in seconds is respected, within the timeout."""
    with client(says(429, Retry_After="1"), says(200)) as (http, server):
        start = time.monotonic()
        http.get("/")
        assert time.monotonic() - start >= 1
    with client(says(429, Retry_After="4"), says(200), patience=2) as (http, server):
        with pytest.raises(HttpError):
            http.get("/")
        assert len(server.seen) == 1


@pytest.mark.parametrize(
    ("status", "hint"),
    [
        (401, "is the token right"),
        (403, "is the token right"),
        (404, "the address of its API"),
        (409, "its log"),
        (412, "its log"),
    ],
)
def test_refusals(status: int, hint: str) -> None:
    """A refusal is reported with the server's message, without control characters, and with a hint."""
    with client(says(status, f"no: \x1b[2J{CANARY}")) as (http, server), pytest.raises(HttpError) as refused:
        http.get("/api")
    assert (refused.value.status, len(server.seen)) == (status, 1)
    assert f"GET `{server.url}/api` answered {status}" in refused.value.message
    assert hint in refused.value.hint
    assert CANARY not in refused.value.message
    assert "\x1b" not in refused.value.message


def test_a_body_that_is_no_json() -> None:
    """A body that is no JSON is reported as such."""
    with client(says(200, "<html>")) as (http, _), pytest.raises(HttpError, match="no JSON: <html>"):
        http.get("/")


def test_a_body_that_repeats_a_secret() -> None:
    """No part of a secret is shown, even if the shown part of the body ends within it."""
    for length in range(60, 82):
        with client(says(200, "x" * length + CANARY)) as (http, _), pytest.raises(HttpError) as error:
            http.get("/")
        assert CANARY[:3] not in error.value.message


def test_a_redirect_to_another_host() -> None:
    """A redirect to another host is an error, and the token is not sent there."""
    other = ScriptedServer(says(200))
    with (
        client(says(302, Location=f"{other.url}/there")) as (http, _),
        pytest.raises(HttpError, match="another host"),
    ):
        http.get("/")
    other.close()
    assert other.seen == []


def test_a_redirect_on_the_same_host() -> None:
    """A GET follows a redirect, a POST does not: it would be sent twice."""
    with client(says(302, Location="/there"), says(200, '{"a": 1}')) as (http, server):
        assert http.get("/here") == {"a": 1}
        assert [each[1] for each in server.seen] == ["/here", "/there"]
    with client(says(307, Location="/there"), says(200)) as (http, server):
        with pytest.raises(HttpError, match="redirects POST to"):
            http.send("POST", "/here")
        assert len(server.seen) == 1
    with (
        client(says(302, Location="/")) as (http, _),
        pytest.raises(HttpError, match="redirects without end"),
    ):
        http.get("/")


@pytest.mark.parametrize("kind", ["upgrade", "downgrade"])
def test_a_redirect_to_another_scheme(kind: str, tmp_path: Path) -> None:
    """A redirect to https on the same host is followed with the token, one to http is not."""
    tls = self_signed(tmp_path)
    second = ScriptedServer(says(200, '{"a": 1}'), tls=tls if kind == "upgrade" else None)
    first = ScriptedServer(says(302, Location=f"{second.url}/x"), tls=tls if kind == "downgrade" else None)
    with client(says(200), url=first.url, ca_file=str(tmp_path / "cert.pem")) as (http, _):
        if kind == "upgrade":
            assert http.get("/") == {"a": 1}
        else:
            with pytest.raises(HttpError, match="another host, port or scheme"):
                http.get("/")
    assert second.seen == ([("GET", "/x", f"Bearer {CANARY}")] if kind == "upgrade" else [])
    first.close()
    second.close()


@pytest.mark.parametrize("port", ["99999", "-1", "x"])
def test_a_redirect_to_nowhere(port: str) -> None:
    """A redirect to an invalid address is reported as such."""
    with (
        client(says(302, Location=f"http://127.0.0.1:{port}/")) as (http, _),
        pytest.raises(HttpError, match=r"redirects to an invalid address|Invalid URL in location"),
    ):
        http.get("/")


@pytest.mark.parametrize("asked", ["\u00b2", "-1", "1e3", "soon", "", "9" * 400])
def test_a_wait_that_is_no_number(asked: str) -> None:
    """The pause is bounded for any value of `Retry-After`."""
    with client(says(429, Retry_After=asked), says(200), patience=8) as (http, server):
        http.get("/")
        assert len(server.seen) == 2


@pytest.mark.parametrize("body", ["[" * 100_000, "[" * 100_000 + "]" * 100_000, "9" * 5_000, '{"a": '])
def test_a_body_that_cannot_be_read(body: str) -> None:
    """JSON that is cut off or cannot be parsed is reported."""
    with client(says(200, body)) as (http, _), pytest.raises(HttpError, match="no JSON"):
        http.get("/")


def test_a_server_that_is_slow() -> None:
    """A silent server and one that drips end at the same timeout."""

    def silent(request: BaseHTTPRequestHandler) -> None:
        time.sleep(3)

    def drips(request: BaseHTTPRequestHandler) -> None:
        request.send_response(200)
        request.end_headers()
        for _ in range(30):
            request.wfile.write(b" ")
            request.wfile.flush()
            time.sleep(0.1)

    def drips_headers(request: BaseHTTPRequestHandler) -> None:
        request.wfile.write(b"HTTP/1.1 200 OK\r\nX: ")
        for _ in range(60):
            request.wfile.write(b"x")
            time.sleep(0.1)

    for answer in (silent, drips, drips_headers):
        start = time.monotonic()
        with (
            client(answer, patience=0.5) as (http, _),
            pytest.raises(HttpError, match=r"did not answer within 0\.5 s"),
        ):
            http.get("/")
        assert time.monotonic() - start < 2.5


def test_a_request_with_its_own_patience() -> None:
    """The message names the patience of the request, not that of the client."""
    with (
        client(lambda request: time.sleep(1), patience=5) as (http, _),
        pytest.raises(HttpError, match=r"did not answer within 0\.2 s"),
    ):
        http.send("POST", "/", patience=0.2)


def test_nobody_listens() -> None:
    """A server that does not listen is reported as unreachable."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{free.getsockname()[1]}"
    with client(says(200), url=url) as (http, _), pytest.raises(HttpError, match="cannot be reached"):
        http.get("/")


@pytest.mark.parametrize("host", ["xn--", "999.999.999.999", "[v1.a]"])
def test_an_invalid_host_name(host: str) -> None:
    """An invalid host name is reported as an address that cannot be reached."""
    with (
        client(says(200), url=f"http://{host}", patience=0.1) as (http, _),
        pytest.raises(HttpError, match="cannot be reached"),
    ):
        http.get("/")


def test_an_answer_that_does_not_end(monkeypatch: pytest.MonkeyPatch) -> None:
    """An answer is cut off at a size that no API reaches."""
    monkeypatch.setattr("victor_monitoring.live.http.body.LARGEST", 2**20)
    with client(says(200, " " * 2**21)) as (http, _), pytest.raises(HttpError, match="more than 1 MiB"):
        http.get("/")


def test_an_answer_that_is_packed(monkeypatch: pytest.MonkeyPatch) -> None:
    """A compressed answer is unpacked once, up to the maximal size; invalid compression is reported."""
    monkeypatch.setattr("victor_monitoring.live.http.body.LARGEST", 2**20)

    with client(sends(gzip.compress(b'{"a": 1}'))) as (http, _):
        assert http.get("/") == {"a": 1}
    bomb = gzip.compress(b" " * 2**24)
    for answer, message in (
        (sends(bomb), "more than 1 MiB"),
        (sends(gzip.compress(bomb), "gzip, gzip"), "answered with the encoding gzip, gzip"),
        (sends(b"{}"), "its body is not gzip"),
        (sends(bomb[:1000]), "sent an incomplete gzip body"),
    ):
        with client(answer, patience=2) as (http, _), pytest.raises(HttpError, match=message):
            http.get("/")


MEMBERS = gzip.compress(b'{"a": ') + gzip.compress(b"") + gzip.compress(b"1}")


@pytest.mark.parametrize("is_split", [False, True])
def test_a_body_of_several_gzip_members(is_split: bool) -> None:
    """Every member is read, wherever the network splits the body."""

    def split(request: BaseHTTPRequestHandler) -> None:
        request.connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        request.send_response(200)
        request.send_header("Content-Encoding", "gzip")
        request.end_headers()
        for byte in MEMBERS:
            request.wfile.write(bytes([byte]))

    with client(split if is_split else sends(MEMBERS)) as (http, _):
        assert http.get("/") == {"a": 1}


@pytest.mark.parametrize(
    ("more", "message"),
    [
        (b"\0", "sent an incomplete gzip body"),
        (b"\0\0", "sent other bytes after its gzip body"),
        (b"{}", "sent other bytes after its gzip body"),
        (gzip.compress(b" ")[:-1], "sent an incomplete gzip body"),
        (gzip.compress(b" ")[:5], "sent an incomplete gzip body"),
        (gzip.compress(b" " * 2**19 * 3), "more than 1 MiB"),
        (gzip.compress(b"") * 2**16, "more than 1 MiB"),  # before decompression
    ],
    ids=["zero", "zeros", "text", "cut off", "header", "large", "many"],  # gzip bodies contain the time
)
def test_bytes_after_a_gzip_member(more: bytes, message: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Bytes after a member are a complete member within the limits, or an error."""
    monkeypatch.setattr("victor_monitoring.live.http.body.LARGEST", 2**20)
    with client(sends(MEMBERS + more)) as (http, _), pytest.raises(HttpError, match=message):
        http.send("GET", "/", repeat=False)


def test_a_name_whose_lookup_takes_long(monkeypatch: pytest.MonkeyPatch) -> None:
    """The deadline includes the lookup of the host, and no request is sent after it."""
    looked_up, is_over = threading.Event(), threading.Event()
    lookup = socket.getaddrinfo

    def slow(*asked: object, **options: object) -> object:
        is_over.wait(20)
        looked_up.set()
        return lookup(*asked, **options)  # type: ignore[arg-type]  # passed on as they are

    with client(says(200), patience=0.3) as (http, server):
        monkeypatch.setattr(socket, "getaddrinfo", slow)
        start = time.monotonic()
        with pytest.raises(HttpError, match=r"did not answer within 0\.3 s"):
            http.send("POST", "/")
        assert time.monotonic() - start < 5
        abandoned = [each for each in threading.enumerate() if each.name == "http"]
        is_over.set()
        for each in abandoned:
            each.join(20)
        assert (looked_up.is_set(), server.seen) == (True, [])


def test_a_proxy_and_a_netrc_are_not_asked(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Proxies and passwords of the environment have no effect."""
    tmp_path.joinpath("netrc").write_text("machine 127.0.0.1 login me password other\n", encoding="utf-8")
    monkeypatch.setenv("NETRC", str(tmp_path / "netrc"))
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:9")
    monkeypatch.setenv("ALL_PROXY", "http://127.0.0.1:9")
    with client(says(200), token=None) as (http, server):
        http.get("/")
    assert server.seen == [("GET", "/", "")]


def test_tls_is_verified(tmp_path: Path) -> None:
    """A certificate of an unknown authority is refused; with the authority in a file it is accepted."""
    server = ScriptedServer(says(200, '{"a": 1}'), tls=self_signed(tmp_path))
    with contextlib.ExitStack() as held:
        environment = ApplyEnvironment(tmp_path, print, held, patience=5)
        with pytest.raises(HttpError, match="certificate"):
            PrometheusSettings(url=server.url).client(environment).get("/")
        assert PrometheusSettings(url=server.url, ca_file="cert.pem").client(environment).get("/") == {"a": 1}
        tmp_path.joinpath("no.pem").write_text("nothing", encoding="utf-8")
        with pytest.raises(UserError, match=r"no\.pem` cannot be used"):
            PrometheusSettings(url=server.url, ca_file="no.pem").client(environment)
    server.close()


def test_logs_at_debug_level_hold_no_secret(caplog: pytest.LogCaptureFixture) -> None:
    """No log record of any library contains the token."""
    with caplog.at_level(logging.DEBUG), client(says(200)) as (http, server):
        http.get("/")
    assert server.seen[0][2] == f"Bearer {CANARY}"
    assert caplog.text
    assert CANARY not in caplog.text
