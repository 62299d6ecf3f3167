"""The tokens of one line of an exposition, read from left to right."""

from __future__ import annotations

import re
from typing import Final

from victor_monitoring.live.exposition.exposition import ExpositionFault, ExpositionToken

_BLANKS: Final = re.compile(r"[ \t]*")
_KEYWORD: Final = re.compile(r"#[ \t]+(HELP|TYPE|UNIT)(?=[ \t])")
_METRIC: Final = re.compile(r"[a-zA-Z_:][a-zA-Z0-9_:]*(?![^ \t{])")
_LABEL: Final = re.compile(r"[a-zA-Z_][a-zA-Z0-9_]*")
_STRING: Final = re.compile(r'"((?:[^"\\]|\\.)*)"', re.DOTALL)
_TOKEN: Final = re.compile(r"[^ \t{},=#]+|.|$", re.DOTALL)
_WORD: Final = re.compile(r"[^ \t]*")
_NUMBER: Final = re.compile(
    r"[+-]?(?:inf(?:inity)?|nan|(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:e[+-]?[0-9]+)?)(?![^ \t])", re.IGNORECASE
)
_ESCAPE: Final = re.compile(r'\\([\\"n])')
_NOT_UTF8: Final = re.compile("[\ud800-\udfff]+")

LabelTokens = tuple[tuple[ExpositionToken, ExpositionToken], ...]


class MalformedLine(Exception):
    """A line is malformed; `fault` has the position and the reason."""

    def __init__(self, place: ExpositionToken, message: str, hint: str = "") -> None:
        super().__init__(message)
        self.fault = ExpositionFault(place, message, hint)


class Line:
    """A cursor over a line; every method reads on from its position, or raises MalformedLine.

    `name` is the metric's name, empty until it is read.
    """

    def __init__(self, text: str, number: int) -> None:
        self._text, self._number, self._at = text, number, 0
        self.name = ""
        self._skip()

    def word(self, start: int, end: int | None = None, text: str | None = None) -> ExpositionToken:
        """Return a token for the columns `start` (from 0) to `end`, by default the line's end."""
        end = len(self._text) if end is None else end
        return ExpositionToken(
            self._text[start:end] if text is None else text, self._number, start + 1, end + 1
        )

    def rest(self) -> str:
        """Return the unread rest of the line."""
        return self._text[self._at :]

    def starts(self, mark: str) -> bool:
        """Return whether the mark comes next."""
        return self._text.startswith(mark, self._at)

    def check(self) -> None:
        """Raise MalformedLine unless the line is UTF-8; other bytes were decoded to lone surrogates."""
        broken = _NOT_UTF8.search(self._text)
        if broken:
            raise MalformedLine(self.word(*broken.span()), "this is not UTF-8", "expose UTF-8")

    def keyword(self) -> str:
        """Read and return HELP, TYPE or UNIT; empty for a comment."""
        found = self._take(_KEYWORD)
        return found[1] if found else ""

    def metric(self) -> ExpositionToken:
        """Read and return the name of a metric, quoted or not."""
        name = self._string() if self.starts('"') else self._name(_METRIC, "the name of a metric")
        self.name = name.text
        return name

    def remainder(self, *, is_escaped: bool) -> ExpositionToken:
        """Read and return the rest of the line, without trailing blanks."""
        start, text = self._at, self.rest().rstrip(" \t")
        self._at = len(self._text)
        return self.word(start, start + len(text), _unescaped(text) if is_escaped else text)

    def labels(self, name: ExpositionToken | None) -> tuple[ExpositionToken, LabelTokens]:
        """Read the braces; return the metric's name, which may be their first item, and the labels."""
        labels: list[tuple[ExpositionToken, ExpositionToken]] = []
        if self._takes("{"):
            while not self._takes("}"):
                label = self._string() if self.starts('"') else self._name(_LABEL, "the name of a label")
                if name is None and not labels and not self.starts("="):
                    name, self.name = label, label.text
                else:
                    if any(label.text == other.text for other, _ in labels):
                        raise MalformedLine(label, f"the label `{label.text}` occurs twice")
                    self._need("=")
                    labels.append((label, self._string()))
                if not self.starts("}"):
                    self._need(",")
        if name is None:
            raise MalformedLine(self._next(_TOKEN), "expected the name of a metric")
        return name, tuple(labels)

    def number(self, expected: str, *, is_wanted: bool = True) -> tuple[float | None, ExpositionToken | None]:
        """Read and return a number and its token; None if it is optional and the line or sample ends here."""
        if not is_wanted and (not self.rest() or self.starts("#")):
            return None, None
        start, found = self._at, self._take(_NUMBER)
        if not found:
            raise self._unexpected(expected, _WORD)
        return float(found[0]), self.word(start, start + len(found[0]))

    def exemplar(self) -> None:
        """Skip an exemplar: labels, a value and an optional timestamp."""
        self._need("#")
        self.labels(self.word(self._at, self._at))
        self.number("an exemplar's value")
        self.number("an exemplar's timestamp", is_wanted=False)

    def expect_end(self) -> None:
        """Raise MalformedLine unless the line is at its end."""
        if self.rest():
            raise self._unexpected("the end of the line")

    def _skip(self) -> None:
        found = _BLANKS.match(self._text, self._at)
        self._at = found.end() if found else self._at

    def _take(self, pattern: re.Pattern[str]) -> re.Match[str] | None:
        found = pattern.match(self._text, self._at)
        if found:
            self._at = found.end()
            self._skip()
        return found

    def _takes(self, mark: str) -> bool:
        is_next = self.starts(mark)
        if is_next:
            self._at += len(mark)
            self._skip()
        return is_next

    def _need(self, mark: str) -> None:
        if not self._takes(mark):
            raise self._unexpected(f"`{mark}`")

    def _name(self, pattern: re.Pattern[str], expected: str) -> ExpositionToken:
        found = self._take(pattern)
        if not found:
            raise self._unexpected(expected)
        return self.word(*found.span())

    def _string(self) -> ExpositionToken:
        start, found = self._at, self._take(_STRING)
        if not found and self.starts('"'):
            raise MalformedLine(self.word(start), "the quote is not closed", 'close it: `"`')
        if not found:
            raise self._unexpected("a value in double quotes")
        return self.word(*found.span(1), _unescaped(found[1]))

    def _next(self, pattern: re.Pattern[str]) -> ExpositionToken:
        found = pattern.match(self._text, self._at)
        return self.word(*found.span()) if found else self.word(self._at)

    def _unexpected(self, expected: str, pattern: re.Pattern[str] = _TOKEN) -> MalformedLine:
        token = self._next(pattern)
        found = f"`{token.text}`" if token.text else "the end of the line"
        return MalformedLine(token, f"expected {expected}, found {found}")


def _unescaped(text: str) -> str:
    return _ESCAPE.sub(lambda found: "\n" if found[1] == "n" else found[1], text)
