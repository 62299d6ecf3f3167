"""HTTP responses, the error for those that are not accepted, and the hints of errors."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Any, Final

from victor_monitoring.base.diagnostics import UserError

LARGEST: Final = 64 * 2**20
"""The largest accepted body in bytes: a million series of usual length."""

_PHRASES: Final = {each.value: each.phrase for each in HTTPStatus}


def status_words(status: int) -> str:
    """Return a status with its phrase, if it has one: `404 Not Found`."""
    return f"{status} {_PHRASES.get(status, '')}".rstrip()


def printable(text: str, most: int | None = None) -> str:
    """Return the first `most` characters of a text, with `?` for every unprintable one."""
    return "".join(each if each.isprintable() else "?" for each in text[:most])


class HttpError(UserError):
    """A request that failed; `status` is None if there was no response."""

    def __init__(self, message: str, hint: str, status: int | None = None, body: str = "") -> None:
        super().__init__(message, hint)
        self.status = status
        self.body = body


@dataclass(frozen=True, slots=True)
class Hints:
    """The hints of errors that depend on who sends the request; by default those of a target."""

    redirect: str = "name that address in the spec, if it is the right one"
    size: str = "is this the address of its API?"
    coding: str = "correct the proxy before it"
    authority: str = "`ca_file: FILE`, or set SSL_CERT_FILE=FILE"
    certificate: str = "name a client certificate that it accepts: `cert_file: FILE` and `key_file: FILE`"


OF_TARGETS: Final = Hints()


@dataclass(frozen=True, slots=True)
class HttpResponse:
    """A complete response with an accepted status."""

    url: str
    status: int
    headers: Mapping[str, str] = field(repr=False)
    body: bytes = field(repr=False)
    hidden: Callable[[str], str] = field(repr=False, default=str)  # the redactor

    @property
    def text(self) -> str:
        """The body as text."""
        return self.body.decode("utf-8", "replace")

    def json(self) -> Any:
        """Return the body parsed as JSON; raise HttpError if it is not JSON."""
        try:
            return json.loads(self.text)
        except (ValueError, RecursionError):  # RecursionError: deeply nested lists
            start = printable(self.hidden(self.text), 80)
            message = f"`{self.url}` answered with something that is no JSON: {start}"
            raise HttpError(message, "is this the address of its API?", self.status, self.text) from None
