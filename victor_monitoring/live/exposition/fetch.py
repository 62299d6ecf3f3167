"""Fetching an exposition, as a scrape would."""

from __future__ import annotations

import contextlib
import functools
import re
from dataclasses import dataclass, field
from http import HTTPStatus
from pathlib import Path
from typing import Final
from urllib.parse import SplitResult, urlsplit

from victor_monitoring.base.diagnostics import UserError
from victor_monitoring.live.http.client import HttpClient
from victor_monitoring.live.http.response import Hints, printable, status_words
from victor_monitoring.promql.prometheus_version import OLDEST, PrometheusVersion

# What each major version of Prometheus asks for: 3 accepts names of all characters, which a service may send.
_ACCEPT_2: Final = (
    "application/openmetrics-text;version=1.0.0,application/openmetrics-text;version=0.0.1;q=0.75,"
    "text/plain;version=0.0.4;q=0.5,*/*;q=0.1"
)
_ACCEPT_3: Final = (
    "application/openmetrics-text;version=1.0.0;escaping=allow-utf-8;q=0.6,"
    "application/openmetrics-text;version=0.0.1;q=0.5,text/plain;version=1.0.0;escaping=allow-utf-8;q=0.4,"
    "text/plain;version=0.0.4;q=0.3,*/*;q=0.2"
)
_WORD: Final = r"[!#$%&'*+.^_`|~0-9A-Za-z-]+"
_PARAMETER: Final = re.compile(rf';\s*({_WORD})\s*=\s*({_WORD}|"(?:[^"\\]|\\.)*")\s*')
_MEDIA_TYPE: Final = re.compile(rf"\s*({_WORD}(?:/{_WORD})?)\s*((?:{_PARAMETER.pattern})*);?\s*", re.ASCII)
_TEXT: Final = "text/plain"
_OPENMETRICS: Final = "application/openmetrics-text"
_PROTOBUF: Final = "application/vnd.google.protobuf"  # asked for by nobody, and no text
_BY_HAND: Final = "fetch it with curl, and name the file: curl -o FILE ..."
_WHERE: Final = "check the path: most services expose /metrics"
_TYPED: Final = (
    "send `Content-Type: text/plain; version=0.0.4`; if the scrape job has a `fallback_scrape_protocol`, "
    "name a file: curl -o FILE ..."
)
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


def fetch(
    url: str,
    *,
    ca_file: Path | None = None,
    timeout: float = 10.0,
    asked_as: PrometheusVersion = OLDEST,
    read_by: PrometheusVersion | None = None,
) -> Fetched:
    """Return the exposition at an http or https URL; raise UserError if none arrives in `timeout` seconds.

    The request is that of the version `asked_as`. The answer is accepted if the version `read_by` accepts it;
    None stands for all supported versions.
    """
    _check(url)
    accept = {"Accept": _ACCEPT_2 if asked_as.is_before_3 else _ACCEPT_3}
    client = HttpClient(url, headers=accept, ca_file=ca_file, patience=timeout, hints=_HINTS)
    with contextlib.closing(client):
        answer = client.send("GET", "", admit=range(1000), repeat=False)
    if answer.status != HTTPStatus.OK:
        raise _refused(url, answer.status)
    sent = answer.headers.get("content-type", "")
    kind = _media_type(sent)
    is_lenient = read_by is not None and read_by.is_before_3  # Prometheus 2 reads everything else as text
    if kind not in (_TEXT, _OPENMETRICS) and (not is_lenient or kind == _PROTOBUF):
        found = f"the Content-Type `{_plain(sent)}`" if sent.strip() else "no Content-Type"
        is_other = kind is not None and "/" in kind
        raise UserError(
            f"`{url}` answered with {found}, which Prometheus 3 refuses", _WHERE if is_other else _TYPED
        )
    return Fetched(answer.body.decode("utf-8", "surrogateescape"), kind == _OPENMETRICS)


def _media_type(header: str) -> str | None:
    """Return the media type of a Content-Type in lower case; None if Prometheus cannot read the header."""
    found = _MEDIA_TYPE.fullmatch(header)
    if found is None:
        return None
    parameters = {(name.lower(), value) for name, value in _PARAMETER.findall(found[2])}
    is_unique = len(parameters) == len({name for name, _ in parameters})
    return found[1].lower() if is_unique else None


def _refused(url: str, status: int) -> UserError:
    hint = "look in the service's log"
    if status in range(200, 300):
        hint = "answer 200: Prometheus refuses every other status"
    elif status in (401, 403, 407):
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
