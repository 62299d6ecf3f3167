"""An HTTP client with deadlines and size limits, safe retries, and no redirects to other hosts."""

from __future__ import annotations

import contextlib
import queue
import socket
import threading
import time
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from types import MappingProxyType
from typing import Any, Final
from urllib.parse import urljoin, urlsplit

import httpx

from victor_monitoring.base.interruption import unbroken
from victor_monitoring.live.http.body import read_body
from victor_monitoring.live.http.response import (
    OF_TARGETS,
    Hints,
    HttpError,
    HttpResponse,
    printable,
    status_words,
)
from victor_monitoring.live.http.tls import handshake_failure, tls_context

_CONNECTED: Final = (
    "connection.connect_tcp.complete",
    "connection.start_tls.complete",
    "proxy.start_tls.complete",
)
_SENDING: Final = "http11.send_request_headers.started"
_ATTEMPTS: Final = 4
_FIRST_PAUSE: Final = 0.2  # seconds, twice as long after each attempt
_LONGEST_PAUSE: Final = 5.0
_REDIRECTS: Final = 5
_PORTS: Final = {"http": 80, "https": 443}
_SAFE: Final = frozenset({"GET", "HEAD"})
_RETRIED: Final = frozenset({429, 500, 502, 503, 504})
_OK: Final = range(200, 300)
_HEADERS: Final = {"User-Agent": "victor-mon", "Accept-Encoding": "gzip"}

Trace = Callable[[str, Mapping[str, Any]], None]


class ConnectionDeadline:
    """A deadline for the exchanges of an httpx client, from the lookup of a host to the last byte.

    A time-out of httpx bounds each read only: a server that sends byte by byte would never hit it. The lookup
    has none.
    """

    def __init__(self) -> None:
        self._socket: socket.socket | None = None

    def run(self, seconds: float, exchange: Callable[[Trace], HttpResponse]) -> HttpResponse:
        """Return the result of `exchange`, which runs in a thread of its own.

        After so many seconds, or if the wait is interrupted, its connection is cut. `exchange` passes its
        argument to the request as the extension `trace`. Raises httpx.ReadTimeout at the deadline.
        """
        is_over = threading.Event()
        answered: queue.SimpleQueue[HttpResponse | BaseException] = queue.SimpleQueue()

        def trace(event: str, info: Mapping[str, Any]) -> None:
            if event in _CONNECTED:
                self._socket = info["return_value"].get_extra_info("socket")
            elif event == _SENDING and is_over.is_set():  # the lookup took longer than the wait
                raise httpx.WriteTimeout("")

        def run() -> None:
            try:
                answered.put(exchange(trace))
            except BaseException as error:  # noqa: BLE001 - raised again in the calling thread
                answered.put(error)

        try:
            threading.Thread(target=run, name="http", daemon=True).start()
            found = answered.get(timeout=seconds)
        except BaseException as error:
            is_over.set()
            self._shut_down()
            if isinstance(error, queue.Empty):
                raise httpx.ReadTimeout("") from None
            raise
        if isinstance(found, BaseException):
            raise found
        return found

    def _shut_down(self) -> None:
        if self._socket is not None:
            with contextlib.suppress(OSError):
                # Not `shutdown` of the TLS socket itself: another thread is reading from it.
                socket.socket.shutdown(self._socket, socket.SHUT_RDWR)


@dataclass(frozen=True, slots=True)
class _Request:
    """A request with its `deadline` (monotonic seconds), `patience` seconds after the first attempt began."""

    method: str
    url: str
    params: Mapping[str, str] | None
    content: str | bytes | None
    headers: Mapping[str, str]
    deadline: float
    patience: float


class HttpClient:
    """A client of one address, the base of all paths. Secrets are only in its headers.

    All attempts of a request take up to `patience` seconds together.
    """

    def __init__(
        self,
        base: str,
        *,
        headers: Mapping[str, str] = MappingProxyType({}),
        ca_file: Path | None = None,
        cert_file: Path | None = None,
        key_file: Path | None = None,
        proxy: str | None = None,
        proxy_headers: Mapping[str, str] = MappingProxyType({}),
        patience: float = 10.0,
        redactor: Callable[[str], str] = str,
        hints: Hints = OF_TARGETS,
    ) -> None:
        self.base = base
        self._patience, self._redactor, self._hints = patience, redactor, hints
        self._via = f" through the proxy `{proxy}`" if proxy else ""
        self._deadline = ConnectionDeadline()
        self._client = httpx.Client(
            headers={"Accept": "application/json", **headers, **_HEADERS},
            verify=tls_context(ca_file, cert_file, key_file),
            proxy=_proxy(proxy, proxy_headers, ca_file) if proxy else None,
            timeout=httpx.Timeout(patience),
            follow_redirects=False,
            trust_env=False,  # ignore its proxies and .netrc
        )

    def close(self) -> None:
        """Close the connections."""
        self._client.close()

    def get(self, path: str, params: Mapping[str, str] | None = None) -> Any:
        """Return the parsed JSON body of a GET."""
        return self.send("GET", path, params=params).json()

    def send(
        self,
        method: str,
        path: str,
        *,
        params: Mapping[str, str] | None = None,
        content: str | bytes | None = None,
        headers: Mapping[str, str] | None = None,
        admit: Collection[int] = _OK,
        repeat: bool | None = None,
        patience: float | None = None,
    ) -> HttpResponse:
        """Return the response if its status is one of `admit`; else raise HttpError.

        Temporary failures (no connection, 429, 5xx) are retried if `repeat` says that a repetition is
        harmless; by default that holds for GET and HEAD. All attempts together take up to `patience` seconds.
        Any other repeatable request sets a state: an interruption is delayed until its response.
        """
        is_repeatable = method in _SAFE if repeat is None else repeat
        patience = self._patience if patience is None else patience
        deadline = time.monotonic() + patience
        request = _Request(method, f"{self.base}{path}", params, content, headers or {}, deadline, patience)
        pause = _FIRST_PAUSE
        whole = unbroken if is_repeatable and method not in _SAFE else contextlib.nullcontext
        for attempt in range(1, _ATTEMPTS + 1):
            try:
                with whole():
                    answer = self._once(request)
            except HttpError as error:
                if not is_repeatable or attempt == _ATTEMPTS or time.monotonic() + pause > deadline:
                    raise
                wait, last = pause, error
            else:
                if answer.status in admit:
                    return answer
                wait, last = _pause(answer, pause), self._refused(method, answer)
                is_retried = is_repeatable and answer.status in _RETRIED and attempt < _ATTEMPTS
                if not is_retried or time.monotonic() + wait > deadline:
                    raise last
            time.sleep(wait)
            pause *= 2
        raise last

    def _once(self, request: _Request) -> HttpResponse:
        for _ in range(_REDIRECTS):
            answer = self._exchange(request)
            if not 300 <= answer.status < 400 or "location" not in answer.headers:
                return answer
            url = self._same_host(request.url, answer.headers["location"])
            if request.method not in _SAFE:
                message = f"`{self.base}` redirects {request.method} to `{printable(self._redactor(url))}`"
                raise HttpError(message, self._hints.redirect, answer.status)
            request = replace(request, url=url, params=None)
        raise HttpError(f"`{self.base}` redirects without end", "correct its redirects")

    def _same_host(self, here: str, location: str) -> str:
        """Return the target of a redirect; raise HttpError if it must not receive credentials."""
        try:
            target = urljoin(here, location)
            origin, new = _origin(here), _origin(target)
        except ValueError:
            message = f"`{self.base}` redirects to an invalid address: {printable(self._redactor(location))}"
            raise HttpError(message, "correct its redirects") from None
        is_upgrade = (origin[0], new[0]) == ("http", "https") and origin[1] == new[1]
        if origin != new and not is_upgrade:
            shown = printable(self._redactor(target), 200)
            message = f"`{self.base}` redirects to another host, port or scheme: {shown}"
            raise HttpError(message, self._hints.redirect)
        return target

    def _exchange(self, request: _Request) -> HttpResponse:
        left = max(request.deadline - time.monotonic(), 0.001)
        shown = self._redactor(request.url)
        try:
            return self._deadline.run(left, lambda trace: self._received(request, shown, left, trace))
        except httpx.TimeoutException:
            message = f"`{shown}` did not answer within {request.patience:g} s"
            raise HttpError(message, "is it overloaded? --timeout SECONDS waits longer") from None
        except (
            httpx.HTTPError,
            httpx.InvalidURL,
            httpx.StreamError,
            UnicodeError,
        ) as error:  # UnicodeError: a host name
            raise self._failure(shown, error) from None

    def _received(self, request: _Request, shown: str, timeout: float, trace: Trace) -> HttpResponse:
        with self._client.stream(
            request.method,
            request.url,
            params=request.params,
            content=request.content,
            headers=request.headers,
            timeout=timeout,
            extensions={"trace": trace},
        ) as response:
            body = read_body(response, shown, self._hints)
            received = {name.lower(): value for name, value in response.headers.items()}
            return HttpResponse(shown, response.status_code, received, body, self._redactor)

    def _failure(self, shown: str, error: Exception) -> HttpError:
        reason, problem = str(error) or type(error).__name__, "cannot be reached"
        hint = "check that the service is running at this address"
        if found := handshake_failure(error, self._hints):
            reason, hint = found
        elif isinstance(error, httpx.ProxyError):
            hint = _hint(407) if reason.startswith("407") else "check which hosts the proxy admits"
        elif isinstance(error, httpx.RemoteProtocolError):
            problem = "gave no complete HTTP response"
            hint = "check that an HTTP service listens at this address, and try again"
        return HttpError(f"`{shown}` {problem}{self._via}: {printable(self._redactor(reason), 200)}", hint)

    def _refused(self, method: str, answer: HttpResponse) -> HttpError:
        body = printable(self._redactor(" ".join(answer.text.split())), 300)
        message = f"{method} `{answer.url}` answered {status_words(answer.status)}"
        message += f": {body}" if body else ""
        return HttpError(message, _hint(answer.status), answer.status, answer.text)


def _proxy(url: str, headers: Mapping[str, str], ca_file: Path | None) -> httpx.Proxy:
    tls = tls_context(ca_file) if urlsplit(url).scheme == "https" else None
    return httpx.Proxy(url, headers=dict(headers), ssl_context=tls)


def _origin(url: str) -> tuple[str, str | None, int | None]:
    """Return scheme, host and port; raise ValueError if the URL is invalid."""
    parts = urlsplit(url)
    return parts.scheme, parts.hostname, parts.port or _PORTS.get(parts.scheme)


def _pause(answer: HttpResponse, usual: float) -> float:
    """Return the seconds to wait: the response's Retry-After within bounds, else `usual`."""
    asked = answer.headers.get("retry-after", "")
    return min(float(asked), _LONGEST_PAUSE) if asked.isdecimal() and asked.isascii() else usual


def _hint(status: int) -> str:
    if status in (401, 403):
        return "is the token right, and may it do this?"
    if status == 407:
        return "name the source of the proxy's password: `proxy_password: {env: NAME}`"
    if status in (404, 405):
        return "is this the address of its API?"
    return "wait a moment and run the command again" if status in _RETRIED else "look into its log"
