"""The HTTP client that fetches an exposition, as a scrape would."""

from __future__ import annotations

import functools
import queue
import threading
import time
import urllib.request
import zlib
from dataclasses import dataclass, field
from email.message import Message
from http.client import HTTPException, HTTPResponse
from typing import IO, Final
from urllib.error import HTTPError, URLError
from urllib.parse import SplitResult, urlsplit

from victor_monitoring.base.diagnostics import UserError
from victor_monitoring.live.http.response import LARGEST, printable, status_words

_CHUNK: Final = 64 * 2**10
_GRACE: Final = 0.5  # seconds that leave the socket's own timeout the time to be raised first
_HEADERS: Final = {
    "Accept": "application/openmetrics-text;version=1.0.0,text/plain;version=0.0.4;q=0.5",
    "Accept-Encoding": "gzip",
    "User-Agent": "victor-mon",
}
_BY_HAND: Final = "fetch it with curl and pipe it in: curl ... | victor-mon verify --metrics-file -"
_WHERE: Final = "check the path: most services expose /metrics"
_plain: Final = functools.partial(printable, most=200)


@dataclass(frozen=True, slots=True)
class Fetched:
    """The body of a target's response; bytes that are not UTF-8 are lone surrogates."""

    text: str = field(repr=False)
    openmetrics: bool


def fetch(url: str, *, timeout: float = 10.0) -> Fetched:
    """Return the exposition at an http or https URL; raise UserError if none arrives in `timeout` seconds."""
    _check(url)
    # A socket's timeout limits each read, not the whole request: a server that sends its header byte by byte
    # would block for ever. So the request runs in a daemon thread, which is abandoned at the timeout.
    answered: queue.SimpleQueue[Fetched | BaseException] = queue.SimpleQueue()

    def ask() -> None:
        try:
            answered.put(_fetched(url, timeout))
        except BaseException as error:  # noqa: BLE001 - raised again in the calling thread
            answered.put(error)

    threading.Thread(target=ask, daemon=True).start()
    try:
        found = answered.get(timeout=timeout + _GRACE)
    except queue.Empty:
        raise _unreachable(url, TimeoutError()) from None
    if isinstance(found, BaseException):
        raise found
    return found


def _fetched(url: str, timeout: float) -> Fetched:
    deadline = time.monotonic() + timeout
    try:
        with _opener().open(urllib.request.Request(url, headers=_HEADERS), timeout=timeout) as response:  # noqa: S310 - `_check` admits http and https only
            kind = response.headers.get_content_type()
            if kind not in ("text/plain", "application/openmetrics-text"):
                raise UserError(f"`{url}` answered with {_plain(kind)}, which is not an exposition", _WHERE)
            body = _decoded(url, _body(url, response, deadline), response.headers)
    except HTTPError as error:
        with error:
            raise _refused(url, error.code) from None
    except URLError as error:
        raise _unreachable(url, error.reason) from None
    except TimeoutError as error:
        raise _unreachable(url, error) from None
    except (HTTPException, OSError, ValueError) as error:
        message = f"`{url}` gave no complete HTTP response: {_plain(str(error) or type(error).__name__)}"
        raise UserError(message, "check that an HTTP service listens at this address") from None
    return Fetched(body.decode("utf-8", "surrogateescape"), kind == "application/openmetrics-text")


def _check(url: str) -> None:
    parts = _split(url)
    if parts is None or parts.scheme not in ("http", "https"):
        raise UserError(
            f"`{_plain(url)}` is not an http or https URL", "write one such as http://localhost:8000/metrics"
        )
    if parts.username is not None:
        raise UserError("a URL with a user or a password would be printed with every finding", _BY_HAND)
    if not url.isascii() or not url.isprintable() or " " in url:
        raise UserError(f"`{_plain(url)}` is not a URL", "percent-encode other characters, such as %20")


def _split(url: str) -> SplitResult | None:
    """Return the parts of a URL; None if its host or port is missing or invalid."""
    try:
        parts = urlsplit(url)
        is_whole = bool(parts.hostname) and parts.port != 0
    except ValueError:
        return None
    return parts if is_whole else None


class _SameHost(urllib.request.HTTPRedirectHandler):
    """A handler that follows redirects within the host only, so that the named target is verified."""

    def redirect_request(
        self, req: urllib.request.Request, fp: IO[bytes], code: int, msg: str, headers: Message, newurl: str
    ) -> urllib.request.Request | None:
        old, new = urlsplit(req.full_url), _split(newurl)
        is_safe = new is not None and new.scheme in (old.scheme, "https") and new.hostname == old.hostname
        if not is_safe:
            fp.close()
            message = f"`{req.full_url}` redirects to another host or scheme: {_plain(newurl)}"
            raise UserError(message, "if that is the right target, name it: --metrics-url URL")
        return super().redirect_request(req, fp, code, msg, headers, newurl)  # type: ignore[arg-type]  # typeshed wants an HTTPMessage, which it is


def _opener() -> urllib.request.OpenerDirector:
    """Return an opener for HTTP and HTTPS without proxies: a proxy cannot reach hosts such as localhost."""
    opener = urllib.request.OpenerDirector()
    for handler in (
        urllib.request.HTTPHandler,
        urllib.request.HTTPSHandler,
        urllib.request.HTTPDefaultErrorHandler,
        urllib.request.HTTPErrorProcessor,
        _SameHost,
    ):
        opener.add_handler(handler())
    return opener


def _body(url: str, response: HTTPResponse, deadline: float) -> bytes:
    """Return the body as sent; raise TimeoutError if it is incomplete at the deadline."""
    chunks: list[bytes] = []
    size = 0
    while chunk := response.read1(_CHUNK):
        chunks.append(chunk)
        size += len(chunk)
        if size > LARGEST:
            raise _too_large(url)
        if time.monotonic() > deadline:
            raise TimeoutError
    if response.length:
        raise UserError(f"`{url}` closed the connection {response.length} bytes before the end", "try again")
    return b"".join(chunks)


def _decoded(url: str, body: bytes, headers: Message) -> bytes:
    coding = str(headers.get("Content-Encoding", "identity")).strip().lower()
    if coding == "identity":
        return body
    if coding != "gzip":
        raise UserError(f"`{url}` answered with the encoding {_plain(coding)}; gzip was requested", _BY_HAND)
    unzip = zlib.decompressobj(16 + zlib.MAX_WBITS)
    try:
        text = unzip.decompress(body, LARGEST + 1)
    except zlib.error:
        raise UserError(f"`{url}` declares gzip, and its body is not gzip", _BY_HAND) from None
    if len(text) > LARGEST:
        raise _too_large(url)
    if not unzip.eof:
        raise UserError(f"`{url}` sent an incomplete gzip body", "try again")
    return text


def _too_large(url: str) -> UserError:
    hint = "name one target; select from a whole Prometheus with `match[]`"
    return UserError(f"`{url}` answers with more than {LARGEST // 2**20} MiB", hint)


def _refused(url: str, code: int) -> UserError:
    hint = (
        _BY_HAND if code in (401, 403, 407) else _WHERE if code in (404, 405) else "look in the service's log"
    )
    return UserError(f"`{url}` answered {status_words(code)}", hint)


def _unreachable(url: str, reason: object) -> UserError:
    if isinstance(reason, TimeoutError):
        return UserError(f"`{url}` did not answer in time", "wait longer: --timeout SECONDS")
    hint = "check that the service is running at this address"
    return UserError(f"`{url}` cannot be reached: {_plain(str(reason))}", hint)
