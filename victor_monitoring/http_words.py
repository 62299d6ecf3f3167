"""What an HTTP server answers, as far as it is taken and in words."""

from __future__ import annotations

from http import HTTPStatus
from typing import Final

LARGEST: Final = 64 * 2**20
"""Bytes of the largest answer that is taken: a million series of usual length."""

_PHRASES: Final = {each.value: each.phrase for each in HTTPStatus}


def status_words(status: int) -> str:
    """A status with its phrase, where it has one: `404 Not Found`."""
    return f"{status} {_PHRASES.get(status, '')}".rstrip()


def printable(text: str, most: int | None = None) -> str:
    """A server's text as far as a terminal may see it, of `most` characters at most."""
    return "".join(each if each.isprintable() else "?" for each in text[:most])
