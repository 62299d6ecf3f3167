"""Diagnostics: the position of a mistake in a spec, its message and its hint; and `UserError`."""

from __future__ import annotations

import difflib
import enum
from collections.abc import Container, Iterable
from dataclasses import dataclass, field


class Severity(enum.IntEnum):
    """The severity of a diagnostic; only errors make a command fail."""

    NOTE = 1
    WARNING = 2
    ERROR = 3

    @property
    def word(self) -> str:
        """The severity as it is printed and written in a spec."""
        return self.name.lower()


@dataclass(frozen=True, slots=True)
class Source:
    """A text that positions refer to; `name` is the path as the user gave it."""

    name: str
    text: str = field(repr=False)
    lines: tuple[str, ...] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        # Not `splitlines`: it also breaks at form feeds and other marks that editors do not count.
        object.__setattr__(self, "lines", tuple(self.text.replace("\r\n", "\n").split("\n")))

    def line(self, number: int) -> str:
        """Return the text of line `number` (from 1) without its line end; empty after the last line."""
        return self.lines[number - 1] if 0 < number <= len(self.lines) else ""


@dataclass(frozen=True, slots=True)
class Span:
    """A range of a source. Lines and columns count characters from 1; the end is exclusive."""

    source: Source
    line: int
    column: int
    end_line: int
    end_column: int

    def __str__(self) -> str:
        return f"{self.source.name}:{self.line}:{self.column}"

    def __contains__(self, other: Span) -> bool:
        starts = (self.line, self.column) <= (other.line, other.column)
        ends = (other.end_line, other.end_column) <= (self.end_line, self.end_column)
        return self.source is other.source and starts and ends


@dataclass(frozen=True, slots=True)
class Diagnostic:
    """A finding with its position. `code` and `name` are those of its pattern, and stable."""

    code: str
    name: str
    severity: Severity
    message: str
    span: Span
    hint: str = ""


@dataclass(frozen=True, slots=True)
class Pattern:
    """A kind of mistake: its stable code and name, its severity and its documentation."""

    code: str
    name: str
    severity: Severity
    doc: str = ""

    def at(self, span: Span, message: str, hint: str = "") -> Diagnostic:
        """Return a diagnostic of this pattern at `span`."""
        return Diagnostic(self.code, self.name, self.severity, message, span, hint)


def in_order(diagnostics: Iterable[Diagnostic]) -> list[Diagnostic]:
    """Return the diagnostics sorted by file, line, column and code, without duplicates."""
    return sorted(
        dict.fromkeys(diagnostics),
        key=lambda d: (d.span.source.name, d.span.line, d.span.column, d.code, d.message),
    )


def unknown_name_hint(
    name: str, known: Iterable[str], where_none: str = "remove it", *, taken: Container[str] = ()
) -> str:
    """Return a hint for an unknown `name`: the most similar known name, else up to 12 of the known names.

    `where_none` is the hint when no names are known. Names that are `taken` are keys of the same mapping, in
    which YAML allows each once.
    """
    names = sorted(set(known))
    if close := difflib.get_close_matches(name, names, n=1):
        is_taken = close[0] in taken
        moved = f"move its content to `{close[0]}`, which is already there, or remove it"
        return moved if is_taken else f"did you mean `{close[0]}`?"
    names = [each for each in names if each not in taken]
    if not names:
        return where_none
    shown = ", ".join(f"`{each}`" for each in names[:12])
    return f"known: {shown}" + (f" and {len(names) - 12} more" if len(names) > 12 else "")


class UserError(Exception):
    """A failure of the environment, which stops the command: printed with its hint, exit status 2."""

    def __init__(self, message: str, hint: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint
