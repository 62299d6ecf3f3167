"""Diagnostics for people: a location that editors can jump to, the source line with carets, and a hint."""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence

from victor_monitoring.base.diagnostics import Diagnostic, Severity, Span
from victor_monitoring.reporters._visible import counted, counts, path, visible

WIDTH = 100
_TAB = "    "
_CUT = "..."
_COLOURS = {Severity.ERROR: "1;31", Severity.WARNING: "1;33", Severity.NOTE: "1;36"}
_BLUE = "1;34"


def report(diagnostics: Sequence[Diagnostic], *, colour: bool = False) -> str:
    """Return each diagnostic with its line and carets, then their counts; empty without diagnostics."""
    if not diagnostics:
        return ""
    blocks = [_block(each, colour) for each in diagnostics]
    return "\n\n".join([*blocks, summary(diagnostics)]) + "\n"


def summary(diagnostics: Sequence[Diagnostic]) -> str:
    """Return the number of diagnostics by severity, such as `2 errors, 1 warning`."""
    parts = [counted(count, severity.word) for severity, count in counts(diagnostics).items() if count]
    return ", ".join(parts)


def _block(diagnostic: Diagnostic, colour: bool) -> str:
    span = diagnostic.span
    tint = _COLOURS[diagnostic.severity]
    kind = _painted(f"{diagnostic.severity.word}[{diagnostic.code}]", tint, colour)
    place = f"{path(span.source.name)}:{span.line}:{span.column}"
    shown, caret = _excerpt(span)
    number = str(span.line)
    gutter = _painted(f"{number} |", _BLUE, colour)
    below = _painted(f"{' ' * len(number)} |", _BLUE, colour)
    lines = [
        f"{place}: {kind} {diagnostic.name}: {visible(diagnostic.message)}",
        f"{gutter} {shown}".rstrip(),
        f"{below} {caret.replace('^', '')}{_painted(caret.strip(), tint, colour)}",
    ]
    if diagnostic.hint:
        lines.append(f"{_painted('hint', _BLUE, colour)}: {visible(diagnostic.hint)}")
    return "\n".join(lines)


def _excerpt(span: Span) -> tuple[str, str]:
    """Return the first line of the span as printed, and the carets below it."""
    whole = span.source.line(span.line)
    end = min(span.end_column - 1, len(whole)) if span.end_line == span.line else len(whole.rstrip())
    skipped = max(0, span.column - 1 - WIDTH)
    line = whole[skipped : span.column + WIDTH]  # more than this does not fit
    start = min(span.column - 1 - skipped, len(line))
    end = min(end - skipped, len(line))
    cells = [_TAB if each == "\t" else visible(each) for each in line]
    fits = len(line) == len(whole) and _width(cells) <= WIDTH
    first, last = (0, len(cells)) if fits else _window(cells, start, end)
    head = _CUT if first > 0 or skipped else ""
    tail = _CUT if last < len(whole) - skipped else ""
    indent = len(head) + _width(cells[first:start])
    carets = max(1, _width(cells[start : min(max(end, start), last)]))
    return f"{head}{''.join(cells[first:last])}{tail}", " " * indent + "^" * carets


def _window(cells: list[str], start: int, end: int) -> tuple[int, int]:
    """Return the start and end of the printed part of a long line: the marked text with text around it."""
    first, last = start, start
    room = WIDTH - 2 * len(_CUT)
    while last < min(end, len(cells)) and (cost := _width(cells[last : last + 1])) <= room:
        last, room = last + 1, room - cost
    before = room // 2 if last < len(cells) else room
    while first > 0 and (cost := _width(cells[first - 1 : first])) <= before:
        first, before, room = first - 1, before - cost, room - cost
    while last < len(cells) and (cost := _width(cells[last : last + 1])) <= room:
        last, room = last + 1, room - cost
    return first, last


def _width(cells: Sequence[str]) -> int:
    """Return the number of columns that the cells take on a terminal."""
    return sum(_columns(character) for cell in cells for character in cell)


def _columns(character: str) -> int:
    if character.isascii():
        return 1
    if unicodedata.combining(character) or unicodedata.category(character) in ("Mn", "Me", "Cf"):
        return 0
    return 2 if unicodedata.east_asian_width(character) in "WF" else 1


def _painted(text: str, tint: str, colour: bool) -> str:
    return f"\x1b[{tint}m{text}\x1b[0m" if colour else text
