"""What a user is told about a mistake in a spec: where it is, what it is and how to mend it."""

from __future__ import annotations

import difflib
import enum
from collections.abc import Iterable
from dataclasses import dataclass, field


class Severity(enum.IntEnum):
    """How much a diagnostic matters; errors alone make a command fail."""

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
        """The text of line `number` (from 1), without its end; empty past the last line."""
        return self.lines[number - 1] if 0 < number <= len(self.lines) else ""


@dataclass(frozen=True, slots=True)
class Span:
    """A stretch of a source. Lines and columns count characters from 1; the end is exclusive."""

    source: Source
    line: int
    column: int
    end_line: int
    end_column: int

    def __str__(self) -> str:
        return f"{self.source.name}:{self.line}:{self.column}"


@dataclass(frozen=True, slots=True)
class Diagnostic:
    """One finding about one place. `name` is the stable name of the pattern, `code` its number."""

    code: str
    name: str
    severity: Severity
    message: str
    span: Span
    hint: str = ""


@dataclass(frozen=True, slots=True)
class Pattern:
    """A kind of mistake: its stable code and name, how much it matters, and its documentation."""

    code: str
    name: str
    severity: Severity
    doc: str = ""

    def at(self, span: Span, message: str, hint: str = "") -> Diagnostic:
        """A diagnostic of this kind at `span`."""
        return Diagnostic(self.code, self.name, self.severity, message, span, hint)


def in_order(diagnostics: Iterable[Diagnostic]) -> list[Diagnostic]:
    """The diagnostics by file, line, column and code, each once."""
    return sorted(
        dict.fromkeys(diagnostics),
        key=lambda d: (d.span.source.name, d.span.line, d.span.column, d.code, d.message),
    )


def nearest(name: str, known: Iterable[str], where_none: str = "remove it") -> str:
    """Help for an unknown `name`: the closest known one, else the known ones as far as they are few.

    `where_none` is the help where nothing is known at all.
    """
    names = sorted(set(known))
    close = difflib.get_close_matches(name, names, n=1, cutoff=0.6)
    if close:
        return f"did you mean `{close[0]}`?"
    if not names:
        return where_none
    shown = ", ".join(f"`{each}`" for each in names[:12])
    return f"known: {shown}" + (f" and {len(names) - 12} more" if len(names) > 12 else "")


class UserError(Exception):
    """Something outside the spec stops the command: printed plainly with its help, exit status 2."""

    def __init__(self, message: str, hint: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint
