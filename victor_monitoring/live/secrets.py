"""Secrets: named in the spec, read when they are used, and redacted from all output."""

from __future__ import annotations

import base64
import html
import json
import os
import re
import urllib.parse
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

from pydantic import model_validator

from victor_monitoring.base.diagnostics import UserError
from victor_monitoring.language.model.fields import Text, Written, invalid

REDACTED: Final = "<redacted>"
_MOST: Final = 64 * 2**10  # bytes; longer than any HTTP header
_LEAST: Final = 4  # characters; redacting a shorter text would garble ordinary words


class Secret:
    """A secret text that only `reveal` discloses."""

    __slots__ = ("_text",)

    def __init__(self, text: str) -> None:
        self._text = text

    def reveal(self) -> str:
        """Return the secret text, to be sent in a request only."""
        return self._text

    def __repr__(self) -> str:
        return REDACTED

    def __reduce__(self) -> tuple[Any, ...]:
        raise TypeError("a secret cannot be pickled or copied")


class SecretSource(Written):
    """The source of a secret: an environment variable or a file."""

    env: Text | None = None
    """The environment variable that contains the secret. Example: `GRAFANA_TOKEN`"""
    file: Text | None = None
    """The file that contains the secret. Example: `/run/secrets/grafana`"""

    @model_validator(mode="before")
    @classmethod
    def _named(cls, value: Any) -> Any:
        named = [value.get(key) is not None for key in ("env", "file")] if isinstance(value, dict) else []
        if sum(named) != 1:
            hint = "write `{env: NAME}` or `{file: /path}`"
            raise invalid("a secret has exactly one source: an environment variable or a file", hint)
        return value

    def words(self) -> str:
        """Return a description of the source for messages."""
        return f"the environment variable `{self.env}`" if self.env else f"the file `{self.file}`"


class Redactor:
    """A callable that replaces every learned secret in a text, in each of its usual encodings."""

    def __init__(self) -> None:
        self._hidden: set[str] = set()

    def learn(self, secret: str) -> None:
        """Redact the text from now on."""
        if len(secret) >= _LEAST:
            self._hidden.update(_encodings(secret))

    def __call__(self, text: str) -> str:
        """Return the text with every learned secret replaced by `REDACTED`."""
        for each in sorted(self._hidden, key=len, reverse=True):
            text = text.replace(each, REDACTED)
        return text


def read_secret(source: SecretSource, root: Path, redactor: Redactor, *, is_ascii: bool = True) -> Secret:
    """Return the secret, and let the redactor learn it; raise UserError if it is missing or malformed.

    With `is_ascii` other characters are refused: a header can carry no others as they are.
    """
    hint = f"a secret is one line of {'ASCII' if is_ascii else 'text'}"
    if source.env:
        text = os.environ.get(source.env)
        if text is None:
            raise UserError(f"{source.words()} is not set", f"set it, such as by: read -rs {source.env}")
    else:
        try:
            with (root / (source.file or "")).open("rb") as file:
                text = file.read(_MOST).decode()
        except OSError as error:
            raise UserError(
                f"{source.words()} cannot be read: {error.strerror}", "correct its path"
            ) from None
        except UnicodeDecodeError:
            raise UserError(f"{source.words()} is not UTF-8 text", hint) from None
    text = text.strip("\r\n")
    if not text or not text.isprintable():
        message = f"{source.words()} holds {'no secret' if not text else 'more than one line of plain text'}"
        raise UserError(message, hint)
    if is_ascii and not text.isascii():
        raise UserError(f"{source.words()} holds characters beyond ASCII, which no token may have", hint)
    if len(text) < _LEAST:
        message = f"{source.words()} holds fewer than {_LEAST} characters"
        raise UserError(message, "create a longer secret: one this short cannot be redacted from output")
    redactor.learn(text)
    return Secret(text)


def _encodings(secret: str) -> Iterator[str]:
    """Yield the encodings in which a secret may appear in a text."""
    yield secret
    yield urllib.parse.quote(secret, safe="")
    yield urllib.parse.quote_plus(secret)
    yield re.sub("%[0-9A-F]{2}", lambda found: found[0].lower(), urllib.parse.quote(secret, safe=""))
    yield html.escape(secret)
    yield html.escape(secret).replace("&quot;", "&#34;").replace("&#x27;", "&#39;").replace("+", "&#43;")
    yield json.dumps(secret)[1:-1]
    yield json.dumps(secret, ensure_ascii=False)[1:-1]
    yield "".join(f"\\u{ord(each):04x}" if each in "<>&" else each for each in json.dumps(secret)[1:-1])
    yield repr(secret)[1:-1]
    for before in ("", ":", "::"):  # base64 depends on how many bytes come before, modulo 3
        for encode in (base64.b64encode, base64.urlsafe_b64encode):
            coded = encode(f"{before}{secret}".encode()).decode()
            yield coded.rstrip("=")[len(before) and 4 : -1] if before else coded.rstrip("=")[:-1]
