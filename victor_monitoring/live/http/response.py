"""What an HTTP server answers, as far as it is taken and in words."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Any, Final

from victor_monitoring.base.diagnostics import UserError

LARGEST: Final = 64 * 2**20
"""Bytes of the largest answer that is taken: a million series of usual length."""

_PHRASES: Final = {each.value: each.phrase for each in HTTPStatus}


def status_words(status: int) -> str:
    """A status with its phrase, where it has one: `404 Not Found`."""
    return f"{status} {_PHRASES.get(status, '')}".rstrip()


def printable(text: str, most: int | None = None) -> str:
    """A server's text as far as a terminal may see it, of `most` characters at most."""
    return "".join(each if each.isprintable() else "?" for each in text[:most])


class HttpError(UserError):
    """A live system that did not do what it was asked; `status` is its answer, None where there was none."""

    def __init__(self, message: str, hint: str, status: int | None = None, body: str = "") -> None:
        super().__init__(message, hint)
        self.status = status
        self.body = body


@dataclass(frozen=True, slots=True)
class HttpResponse:
    """An answer that was admitted, whole."""

    url: str
    status: int
    headers: Mapping[str, str] = field(repr=False)
    text: str = field(repr=False)
    hidden: Callable[[str], str] = field(repr=False, default=str)  # what takes secrets out of a text

    def json(self) -> Any:
        """The body as JSON; HttpError where it is none."""
        try:
            return json.loads(self.text)
        except (ValueError, RecursionError):  # the second of lists within lists within lists
            said = printable(self.hidden(self.text), 80)
            message = f"`{self.url}` answered with something that is no JSON: {said}"
            raise HttpError(message, "is this the address of its API?", self.status, self.text) from None
