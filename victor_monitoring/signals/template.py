"""Templates: the texts of an alert, with placeholders such as `{value}`, `{threshold}` and `{label}`."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass

from victor_monitoring.promql.text_error import TextError

_BRACES = re.compile(r"\{\{|\}\}|\{([^{}]*)\}|[{}]")
_COPY = re.compile(r"\{\{\s*(?:\$labels|\$?\.Labels)\.(\w+)\s*\}\}", re.ASCII)
_NAME = re.compile(r"[a-zA-Z_][a-zA-Z0-9_]*")


class TemplateError(TextError):
    """A template with invalid placeholders."""


@dataclass(frozen=True, slots=True)
class Placeholder:
    """A name in braces, and its range in the text, braces included."""

    name: str
    part: tuple[int, int]


@dataclass(frozen=True, slots=True)
class Template:
    """A text, split into plain text and placeholders, in order."""

    text: str
    pieces: tuple[str | Placeholder, ...]

    @property
    def placeholders(self) -> tuple[Placeholder, ...]:
        """The placeholders, in order."""
        return tuple(piece for piece in self.pieces if isinstance(piece, Placeholder))

    def filled(self, value: Callable[[str], str]) -> str:
        """Return the text with each placeholder replaced by the `value` of its name."""
        return "".join(
            value(piece.name) if isinstance(piece, Placeholder) else piece for piece in self.pieces
        )


def has_go_template(text: str) -> bool:
    """Return whether Prometheus expands the text as a template of its own language, Go's text/template."""
    return "{{" in text


def is_copy(label: str, text: str) -> bool:
    """Return whether the text sets a label to the value that it has anyway: `{{ $labels.NAME }}`."""
    found = _COPY.fullmatch(text)
    return found is not None and found[1] == label


def parse_template(text: str) -> Template:
    """Parse `text`; raise TemplateError if braces do not contain a name."""
    pieces: list[str | Placeholder] = []
    end = 0
    for found in _BRACES.finditer(text):
        name = found[1]
        if name is None or not _NAME.fullmatch(name):
            raise TemplateError(
                f"`{found[0]}` is not a placeholder",
                found.span(),
                "write `{value}`, `{threshold}` or `{label}`; they become Prometheus templates",
            )
        pieces += [text[end : found.start()]] if found.start() > end else []
        pieces.append(Placeholder(name, found.span()))
        end = found.end()
    pieces += [text[end:]] if end < len(text) else []
    return Template(text, tuple(pieces))
