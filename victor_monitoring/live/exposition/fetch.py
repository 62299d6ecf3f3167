"""Fetching an exposition, as a scrape would."""

from __future__ import annotations

import contextlib
import functools
from dataclasses import dataclass, field
from email.message import Message
from pathlib import Path
from typing import Final
from urllib.parse import SplitResult, urlsplit

from victor_monitoring.base.diagnostics import UserError
from victor_monitoring.live.http.client import HttpClient
from victor_monitoring.live.http.response import Hints, printable, status_words

_ACCEPT: Final = "application/openmetrics-text;version=1.0.0,text/plain;version=0.0.4;q=0.5"
_BY_HAND: Final = "fetch it with curl, and name the file: curl -o FILE ..."
_WHERE: Final = "check the path: most services expose /metrics"
_HINTS: Final = Hints(
    redirect="if that is the right target, name that URL",
    size="name one target; select from a whole Prometheus with `match[]`",
    coding=_BY_HAND,
    authority="--ca-file FILE, or set SSL_CERT_FILE=FILE",
    certificate=_BY_HAND,
)
_plain: Final = functools.partial(printable, most=200)


@dataclass(frozen=True, slots=True)
class Fetched:
    """The body of a target's response; bytes that are not UTF-8 are lone surrogates."""

    text: str = field(repr=False)
    openmetrics: bool


def fetch(url: str, *, ca_file: Path | None = None, timeout: float = 10.0) -> Fetched:
    """Return the exposition at an http or https URL; raise UserError if none arrives in `timeout` seconds."""
    _check(url)
    accept = {"Accept": _ACCEPT}
    client = HttpClient(url, headers=accept, ca_file=ca_file, patience=timeout, hints=_HINTS)
    with contextlib.closing(client):
        answer = client.send("GET", "", admit=range(1000), repeat=False)
    if answer.status not in range(200, 300):
        raise _refused(url, answer.status)
    header = Message()
    header["Content-Type"] = answer.headers.get("content-type", "text/plain")
    kind = header.get_content_type()
    if kind not in ("text/plain", "application/openmetrics-text"):
        raise UserError(f"`{url}` answered with {_plain(kind)}, which is not an exposition", _WHERE)
    return Fetched(answer.body.decode("utf-8", "surrogateescape"), kind == "application/openmetrics-text")


def _refused(url: str, status: int) -> UserError:
    hint = "look in the service's log"
    if status in (401, 403, 407):
        hint = _BY_HAND
    elif status in (404, 405):
        hint = _WHERE
    return UserError(f"`{url}` answered {status_words(status)}", hint)


def _check(url: str) -> None:
    # Before all else: the other messages print the URL.
    before, slashes, after = url.partition("//")
    if "@" in (after if slashes else before).partition("/")[0]:
        raise UserError("a URL with a user or a password would be printed with every finding", _BY_HAND)
    parts = _split(url)
    if parts is None or parts.scheme not in ("http", "https"):
        raise UserError(
            f"`{_plain(url)}` is not an http or https URL", "write one such as http://localhost:8000/metrics"
        )
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
