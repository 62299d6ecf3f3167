"""TLS between the HTTP client and live systems: authorities, client certificates, proxies, hints."""

from __future__ import annotations

import base64
import contextlib
import select
import socket
import ssl
import subprocess
import threading
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from tests.apply.test_http import ScriptedServer, says
from victor_monitoring.base.diagnostics import UserError
from victor_monitoring.live.apply.environment import ApplyEnvironment
from victor_monitoring.live.apply.http_settings import HttpSettings
from victor_monitoring.live.exposition.fetch import fetch
from victor_monitoring.live.http.client import HttpClient
from victor_monitoring.live.http.response import HttpError
from victor_monitoring.live.targets.alertmanager import AlertmanagerSettings
from victor_monitoring.live.targets.grafana import GrafanaSettings
from victor_monitoring.live.targets.prometheus import PrometheusSettings
from victor_monitoring.live.targets.ruler import RulerSettings
from victor_monitoring.promql.prometheus_version import OLDEST

CANARY = "canary-proxy-3fd2"
_KEY = ("-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes")
_HERE = "DNS:localhost,IP:127.0.0.1"


def openssl(folder: Path, *arguments: str) -> None:
    subprocess.run(["openssl", *arguments], cwd=folder, check=True, capture_output=True)


def issue(folder: Path, name: str, alternative: str = _HERE, days: int = 1) -> None:
    """Write a certificate of the authority, NAME.pem, and its key, NAME.key."""
    subject = ("-subj", f"/CN={name}", "-keyout", f"{name}.key", "-out", f"{name}.csr")
    openssl(folder, "req", *_KEY, *subject)
    folder.joinpath("extensions").write_text(f"subjectAltName={alternative}\n", encoding="utf-8")
    authority = ("-CA", "ca.pem", "-CAkey", "ca.key", "-CAcreateserial", "-extfile", "extensions")
    openssl(
        folder, "x509", "-req", "-in", f"{name}.csr", *authority, "-days", str(days), "-out", f"{name}.pem"
    )


@pytest.fixture(scope="module")
def pki(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder with an authority, and certificates that it issued."""
    folder = tmp_path_factory.mktemp("pki")
    for name in ("ca", "self"):
        names = ("-subj", f"/CN={name}", "-addext", f"subjectAltName={_HERE}", "-days", "1")
        openssl(folder, "req", "-x509", *_KEY, *names, "-keyout", f"{name}.key", "-out", f"{name}.pem")
    issue(folder, "server")
    issue(folder, "client")
    issue(folder, "expired", days=-1)
    issue(folder, "other", "DNS:other.example.org")
    openssl(folder, "ec", "-in", "client.key", "-aes128", "-passout", "pass:canary-pem", "-out", "locked.key")
    both = folder.joinpath("client.pem").read_text(encoding="utf-8")
    both += folder.joinpath("client.key").read_text(encoding="utf-8")
    folder.joinpath("both.pem").write_text(both, encoding="utf-8")
    folder.joinpath("text.pem").write_text("no certificate\n", encoding="utf-8")
    return folder


@contextlib.contextmanager
def serving(pki: Path, name: str = "server", *, is_mutual: bool = False) -> Iterator[ScriptedServer]:
    """Yield a server with a certificate; if `is_mutual`, it requires one of its clients."""
    tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    tls.load_cert_chain(pki / f"{name}.pem", pki / f"{name}.key")
    if is_mutual:
        tls.load_verify_locations(pki / "ca.pem")
        tls.verify_mode = ssl.CERT_REQUIRED
    server = ScriptedServer(says(200, '{"a": 1}'), tls=tls)
    try:
        yield server
    finally:
        server.close()


@contextlib.contextmanager
def client(
    pki: Path,
    url: str,
    kind: type[HttpSettings] = PrometheusSettings,
    patience: float = 5.0,
    **written: object,
) -> Iterator[HttpClient]:
    """Yield the client of a target with these settings."""
    with contextlib.ExitStack() as held:
        environment = ApplyEnvironment(pki, print, held, patience=patience)
        yield kind.model_validate({"url": url, **written}).client(environment)


@pytest.mark.parametrize(
    ("name", "message", "hint"),
    [
        ("server", "unable to get local issuer certificate", "authority that issued it: `ca_file: FILE`"),
        ("self", "self", "it is self-signed: if it is the right one, trust it: `ca_file: FILE`"),
    ],
)
def test_an_unknown_authority(pki: Path, name: str, message: str, hint: str) -> None:
    """The hint names `ca_file`, and the file that it asks for makes the certificate valid."""
    with serving(pki, name) as server:
        with client(pki, server.url) as http, pytest.raises(HttpError, match="cannot be verified") as refused:
            http.send("GET", "/", repeat=False)
        assert (message in refused.value.message, hint in refused.value.hint) == (True, True)
        trusted = "self.pem" if name == "self" else "ca.pem"
        with client(pki, server.url, ca_file=trusted) as http:
            assert http.get("/") == {"a": 1}


@pytest.mark.parametrize(
    ("name", "host", "hint"),
    [
        ("expired", "127.0.0.1", "renew it"),
        ("other", "127.0.0.1", "`subjectAltName`"),
        ("other", "localhost", "`subjectAltName`"),
    ],
)
def test_an_invalid_certificate(pki: Path, name: str, host: str, hint: str) -> None:
    """An expired certificate and one of another host are told apart from an unknown authority."""
    with serving(pki, name) as server:
        url = server.url.replace("127.0.0.1", host)
        with (
            client(pki, url, ca_file="ca.pem") as http,
            pytest.raises(HttpError, match="cannot be") as refused,
        ):
            http.send("GET", "/", repeat=False)
    assert hint in refused.value.hint
    assert "ca_file" not in refused.value.hint


def test_a_server_without_tls(pki: Path) -> None:
    """A server that speaks plain HTTP at an https address is recognised."""
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def answer() -> None:
            with contextlib.suppress(OSError):
                connection, _ = listener.accept()
                with connection:
                    connection.sendall(b"HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n")
                    connection.recv(2**16)

        thread = threading.Thread(target=answer)
        thread.start()
        url = f"https://127.0.0.1:{listener.getsockname()[1]}"
        with client(pki, url) as http, pytest.raises(HttpError, match="does not speak TLS") as refused:
            http.send("GET", "/", repeat=False)
        thread.join()
    assert "`http://`" in refused.value.hint


@pytest.mark.parametrize(
    ("kind", "more"),
    [
        (PrometheusSettings, {}),
        (AlertmanagerSettings, {"config": "a.yml"}),
        (GrafanaSettings, {}),
        (RulerSettings, {}),
    ],
)
@pytest.mark.parametrize(
    "files", [{"cert_file": "client.pem", "key_file": "client.key"}, {"cert_file": "both.pem"}]
)
def test_a_client_certificate(pki: Path, kind: type[HttpSettings], more: Any, files: Any) -> None:
    """Every target presents its certificate, whose key is in a file of its own or in the same."""
    with (
        serving(pki, is_mutual=True) as server,
        client(pki, server.url, kind, ca_file="ca.pem", **more, **files) as http,
    ):
        assert http.get("/") == {"a": 1}


@pytest.mark.parametrize("files", [{}, {"cert_file": "self.pem", "key_file": "self.key"}])
def test_a_client_certificate_that_is_refused(pki: Path, files: dict[str, Any]) -> None:
    """Without a certificate that the server accepts, the hint names the keys for it."""
    with (
        serving(pki, is_mutual=True) as server,
        client(pki, server.url, ca_file="ca.pem", **files) as http,
        pytest.raises(HttpError, match="it refuses the connection") as refused,
    ):
        http.send("GET", "/", repeat=False)
    assert "`cert_file: FILE`" in refused.value.hint


@pytest.mark.parametrize(
    ("cert", "key", "message", "hint"),
    [
        ("none.pem", "client.key", "none.pem` cannot be read: No such file", "correct its path"),
        ("client.pem", "none.key", "none.key` cannot be read: No such file", "correct its path"),
        ("client.pem", "server.key", "server.key` does not contain the key of", "in PEM"),
        ("client.pem", "locked.key", "locked.key` is encrypted", "openssl pkey"),
        ("text.pem", "client.key", "do not contain a certificate and its key", "in PEM"),
        ("client.pem", "text.pem", "do not contain a certificate and its key", "in PEM"),
        ("client.pem", None, "do not contain a certificate and its key", "in PEM"),
    ],
)
def test_files_that_cannot_be_used(pki: Path, cert: str, key: str | None, message: str, hint: str) -> None:
    """Files that are unreadable, mismatched, encrypted or of another format are errors with a hint."""
    with (
        pytest.raises(UserError) as refused,
        client(pki, "https://localhost", cert_file=cert, key_file=key),
    ):
        pass
    assert (message in refused.value.message, hint in refused.value.hint) == (True, True), (
        refused.value.message
    )


def test_another_refusal(pki: Path) -> None:
    """A refusal that no client certificate would change has another hint."""
    tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    tls.load_cert_chain(pki / "server.pem", pki / "server.key")
    tls.sni_callback = lambda *_: ssl.ALERT_DESCRIPTION_INTERNAL_ERROR
    server = ScriptedServer(says(200), tls=tls)
    url = server.url.replace("127.0.0.1", "localhost")
    with (
        client(pki, url, ca_file="ca.pem") as http,
        pytest.raises(HttpError, match="refuses the connection: internal error") as refused,
    ):
        http.send("GET", "/", repeat=False)
    server.close()
    assert refused.value.hint == "look into the log of the server"


def test_the_fetch_of_an_exposition(pki: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """An exposition is fetched with the authorities of `--ca-file` or SSL_CERT_FILE; the hint names both."""
    with serving(pki) as server:
        with pytest.raises(UserError, match="cannot be verified") as refused:
            fetch(server.url)
        assert "--ca-file FILE, or set SSL_CERT_FILE=FILE" in refused.value.hint
        assert fetch(server.url, ca_file=pki / "ca.pem", read_by=OLDEST).text == '{"a": 1}'
        monkeypatch.setenv("SSL_CERT_FILE", str(pki / "ca.pem"))
        assert fetch(server.url, read_by=OLDEST).text == '{"a": 1}'


class Proxy:
    """A forward proxy that requires a password, and records the headers that it sees."""

    def __init__(self) -> None:
        self.seen: list[tuple[str, str, str, str]] = []
        proxy = self

        class Handler(BaseHTTPRequestHandler):
            def _is_admitted(self) -> bool:
                sent = [self.headers.get(each, "") for each in ("Proxy-Authorization", "Authorization")]
                proxy.seen.append((self.command, self.path, sent[0], sent[1]))
                if not sent[0]:
                    says(407)(self)
                return bool(sent[0])

            def do_CONNECT(self) -> None:
                if not self._is_admitted():
                    return
                host, port = self.path.rsplit(":", 1)
                with socket.create_connection((host, int(port))) as behind:
                    self.send_response(200)
                    self.end_headers()
                    _pipe(self.connection, behind)

            def do_GET(self) -> None:
                if self._is_admitted():
                    says(200, '{"a": "forwarded"}')(self)

            def log_message(self, *_: object) -> None:
                """Log nothing."""

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self._server.server_address[1]}"
        threading.Thread(target=self._server.serve_forever, args=(0.02,), daemon=True).start()

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()


def _pipe(one: socket.socket, other: socket.socket) -> None:
    """Copy bytes in both directions until a side closes."""
    with contextlib.suppress(OSError):
        while True:
            for each in select.select([one, other], [], [])[0]:
                if not (part := each.recv(2**16)):
                    return
                (other if each is one else one).sendall(part)


@pytest.fixture
def proxy() -> Iterator[Proxy]:
    found = Proxy()
    yield found
    found.close()


def test_a_proxy(pki: Path, proxy: Proxy, monkeypatch: pytest.MonkeyPatch) -> None:
    """A named proxy takes the requests; each password goes to its own side only."""
    monkeypatch.setenv("CANARY", CANARY)
    basic = f"Basic {base64.b64encode(f'me:{CANARY}'.encode()).decode()}"
    own: dict[str, Any] = {"proxy": proxy.url, "proxy_username": "me", "proxy_password": {"env": "CANARY"}}
    files: dict[str, Any] = {"ca_file": "ca.pem", "cert_file": "client.pem", "key_file": "client.key"}
    with serving(pki, is_mutual=True) as server:
        with client(pki, server.url, token={"env": "CANARY"}, **own, **files) as http:
            assert http.get("/x") == {"a": 1}
        assert server.seen == [("GET", "/x", f"Bearer {CANARY}")]
        assert proxy.seen == [("CONNECT", server.url.removeprefix("https://"), basic, "")]
    with client(pki, "http://service.invalid", **own) as http:
        assert http.get("/y") == {"a": "forwarded"}
    assert proxy.seen[1:] == [("GET", "http://service.invalid/y", basic, "")]


@pytest.mark.parametrize("scheme", ["http", "https"])
def test_a_proxy_that_requires_a_password(pki: Path, proxy: Proxy, scheme: str) -> None:
    """Its refusal is reported with its address and a hint."""
    with (
        client(pki, f"{scheme}://service.invalid", proxy=proxy.url) as http,
        pytest.raises(HttpError, match="407 Proxy Authentication Required") as refused,
    ):
        http.send("GET", "/", repeat=False)
    assert "`proxy_password: {env: NAME}`" in refused.value.hint


def test_a_slow_server_behind_a_proxy(pki: Path, proxy: Proxy, monkeypatch: pytest.MonkeyPatch) -> None:
    """The deadline of a request cuts the tunnel too."""
    monkeypatch.setenv("CANARY", CANARY)
    is_over = threading.Event()

    def drips(request: BaseHTTPRequestHandler) -> None:
        request.send_response(200)
        request.end_headers()
        while not is_over.wait(0.05):
            request.wfile.write(b" ")

    tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    tls.load_cert_chain(pki / "server.pem", pki / "server.key")
    server = ScriptedServer(drips, tls=tls)
    own: dict[str, Any] = {"proxy": proxy.url, "proxy_password": {"env": "CANARY"}, "ca_file": "ca.pem"}
    start = time.monotonic()
    with client(pki, server.url, patience=0.5, **own) as http:
        with pytest.raises(HttpError, match=r"did not answer within 0\.5 s"):
            http.get("/")
        for each in threading.enumerate():
            if each.name == "http":
                each.join(5)
        assert not any(each.name == "http" for each in threading.enumerate())
    assert time.monotonic() - start < 5
    is_over.set()
    server.close()
