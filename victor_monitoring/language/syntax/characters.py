"""Mistakes in the encoding and the characters of a text, found before it is parsed as YAML."""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from collections.abc import Iterator

from victor_monitoring.base.diagnostics import Diagnostic, Source, Span
from victor_monitoring.language.syntax.mistakes import (
    BAD_CHARACTER,
    LINE_ENDS,
    MERGE_CONFLICT,
    NOT_UTF8,
    shown,
)

# The characters that are not printable in YAML 1.2, and: the byte order mark, line separators that a YAML 1.1
# parser counts and an editor does not, and bidirectional control characters.
_BAD = re.compile(
    r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u2028-\u202e\u2066-\u2069\ud800-\udfff\ufeff\ufffe\uffff]"
)
_LONE_RETURN = re.compile(r"\r(?!\n)")
_MARKER = re.compile(r"(?:<{7}|>{7}|\|{7})(?: .*)?|={7}")
_UTF16_MARKS = ("\udcff\udcfe", "\udcfe\udcff")  # byte order marks, decoded as UTF-8 with surrogateescape

_INSTEAD = {
    "\ufeff": "delete it; some editors show it as `<feff>`",
    "\x85": "break the line with Enter",
    "\u2028": "break the line with Enter",
    "\u2029": "break the line with Enter",
}


def character_mistakes(source: Source) -> Iterator[Diagnostic]:
    """Yield the mistakes in the encoding, the characters and the line ends of `source`."""
    text = source.text
    if text.startswith(_UTF16_MARKS) or (len(text) > 3 and text[:4].count("\0") >= 2):
        message = "the file is in UTF-16, and a spec is in UTF-8"
        yield NOT_UTF8.at(_at(source, 0), message, "save it as UTF-8 in your editor")
        return
    counts = Counter(_BAD.findall(text))
    bytes_ = sum(count for character, count in counts.items() if _is_byte(character))
    first_byte = True
    for character in counts:
        if not _is_byte(character):
            yield _bad_character(source, character, counts[character])
        elif first_byte:
            first_byte = False
            yield _bad_byte(source, character, bytes_)
    if returns := _LONE_RETURN.search(text):
        message = "a line ends in a carriage return alone"
        yield LINE_ENDS.at(_at(source, returns.start()), message, "save the file with LF line ends")


def conflict_markers(source: Source) -> Iterator[Diagnostic]:
    """Yield the start marker of each unresolved merge conflict, or the first marker if no start is left."""
    markers = [(number, line) for number, line in enumerate(source.lines, 1) if _MARKER.fullmatch(line)]
    starts = [each for each in markers if each[1].startswith("<")]
    for number, line in starts or markers[:1]:
        span = Span(source, number, 1, number, len(line) + 1)
        message = f"{shown(line)} marks an unresolved merge conflict"
        yield MERGE_CONFLICT.at(span, message, "finish the merge: keep one side and delete the markers")


def _bad_character(source: Source, character: str, count: int) -> Diagnostic:
    name = unicodedata.name(character, "") or "control character"
    times = f", {count} times" if count > 1 else ""
    message = f"the text contains U+{ord(character):04X} ({name.lower()}){times}"
    instead = _INSTEAD.get(character, "delete it, or retype the line")
    return BAD_CHARACTER.at(_at(source, source.text.index(character)), message, instead)


def _bad_byte(source: Source, character: str, count: int) -> Diagnostic:
    others = f", and {count - 1} more" if count > 1 else ""
    message = f"the byte 0x{ord(character) - 0xDC00:02X} is not UTF-8{others}"
    return NOT_UTF8.at(
        _at(source, source.text.index(character)), message, "save the file as UTF-8 in your editor"
    )


def _is_byte(character: str) -> bool:
    return "\udc80" <= character <= "\udcff"


def _at(source: Source, offset: int) -> Span:
    """Return the span of the character at `offset` of the text."""
    line = source.text.count("\n", 0, offset) + 1
    column = offset - source.text.rfind("\n", 0, offset)
    return Span(source, line, column, line, min(column, len(source.line(line))) + 1)
