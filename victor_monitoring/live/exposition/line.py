"""The tokens of one line of an exposition, read from left to right as Prometheus' scanner does.

In the text format blanks and tabs may surround every token. In OpenMetrics a single blank separates a series
from its value, the value from its timestamp, and the parts of metadata; there are no others.
"""

from __future__ import annotations

import math
import re
from typing import Final

from victor_monitoring.live.exposition.exposition import ExpositionFault, ExpositionToken

_BLANKS: Final = re.compile(r"[ \t]*")
_KEYWORD: Final = re.compile(r"#[ \t]+(HELP|TYPE)[ \t]+")
_OPENMETRICS_KEYWORD: Final = re.compile(r"# (HELP|TYPE|UNIT) ")
_METRIC: Final = re.compile(r"[a-zA-Z_:][a-zA-Z0-9_:]*")
_LABEL: Final = re.compile(r"[a-zA-Z_][a-zA-Z0-9_]*")
_STRING: Final = re.compile(r'"((?:[^"\\]|\\.)*)"', re.DOTALL)
_TOKEN: Final = re.compile(r"[^ \t{},=#]+|.|$", re.DOTALL)
_WORD: Final = re.compile(r"[^ \t{]*")
_OPENMETRICS_WORD: Final = re.compile(r"[^ ]*")
_NUMBER: Final = re.compile(
    r"nan|[+-]?(?:inf(?:inity)?|(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:e[+-]?[0-9]+)?)", re.IGNORECASE
)
_WHOLE: Final = re.compile(r"[0-9]+")
_LATEST: Final = 2**63 - 1  # milliseconds
_DIGITS: Final = len(str(_LATEST))
_ESCAPE: Final = re.compile(r'\\([\\"n])')
_NOT_UTF8: Final = re.compile("[\ud800-\udfff]+")

_SHAPE: Final = 'write a sample as `name{label="value"} 1`'

LabelTokens = tuple[tuple[ExpositionToken, ExpositionToken], ...]


class MalformedLine(Exception):
    """A line is malformed; `fault` has the position and the reason."""

    def __init__(self, place: ExpositionToken, message: str, hint: str = _SHAPE) -> None:
        super().__init__(message)
        self.fault = ExpositionFault(place, message, hint)


class Line:
    """A cursor over a line; every method reads on from its position, or raises MalformedLine.

    `name` is the metric's name, empty until it is read. `newer` is the first token that Prometheus 2 refuses
    and Prometheus 3 takes.
    """

    def __init__(self, text: str, number: int, *, openmetrics: bool = False) -> None:
        self._text, self._number, self._at = text, number, 0
        self._openmetrics = openmetrics
        self.name = ""
        self.newer: ExpositionFault | None = None
        self._skip()
        if self._at and not self.starts("#") and self.rest():
            self._only_newer(self.word(0, self._at), "a line begins with a blank", "remove the blank")

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
        found = self._take(_OPENMETRICS_KEYWORD if self._openmetrics else _KEYWORD)
        return found[1] if found else ""

    def metric(self, *, quoted: bool = True) -> ExpositionToken:
        """Read and return the name of a metric, which may be in quotes where metadata describes it."""
        found = self._name(_METRIC, "the name of a metric", quoted=quoted)
        self.name = found.text
        return found

    def remainder(self) -> ExpositionToken:
        """Read and return the rest of the line, after the one character that separates it from the name."""
        if self._openmetrics and not self.starts(" "):
            raise self._unexpected("a blank and a text")
        start = min(self._at + 1, len(self._text))
        self._at = len(self._text)
        return self.word(start)

    def help(self) -> ExpositionToken:
        """Read and return the rest of the line as the text of a help, without blanks around it."""
        found = self.remainder()
        text = found.text.strip(" \t")
        start = found.column - 1 + len(found.text) - len(found.text.lstrip(" \t"))
        return self.word(start, start + len(text), _unescaped(text))

    def labels(
        self, name: ExpositionToken | None, *, is_exemplar: bool = False
    ) -> tuple[ExpositionToken, LabelTokens]:
        """Read the braces; return the metric's name, which may be one of their items, and the labels."""
        labels: list[tuple[ExpositionToken, ExpositionToken]] = []
        self._skip()
        if self._takes("{"):
            while not self._takes("}"):
                is_quoted = self.starts('"')
                label = self._name(_LABEL, "the name of a label")
                self._skip()
                if is_quoted and name is None and not self.starts("="):
                    if not label.text:
                        raise MalformedLine(label, "a metric needs a name")
                    name, self.name = label, label.text
                else:
                    self._label(label, labels, is_exemplar=is_exemplar)
                if not self._separated():
                    raise self._unexpected("`,`")
        if name is None:
            raise MalformedLine(self._next(_TOKEN), "expected the name of a metric")
        return name, tuple(labels)

    def number(self, expected: str) -> float:
        """Read and return a number."""
        return self._checked(self._number_token(expected), expected)

    def time(self, expected: str) -> float | None:
        """Read and return a timestamp; None if the line or the sample ends here."""
        if self._ends():
            return None
        token = self._number_token(expected)
        if self._openmetrics:
            found = self._checked(token, expected)
            if not math.isfinite(found):
                raise MalformedLine(token, f"`{token.text}` is not a timestamp", "write seconds")
            return found
        digits = token.text.lstrip("0")[: _DIGITS + 1] or "0"  # Python refuses to convert thousands of them
        if not _WHOLE.fullmatch(token.text) or int(digits) > _LATEST:
            message = f"`{token.text}` is not a timestamp of the text format"
            raise MalformedLine(token, message, "write whole milliseconds, or none")
        return float(token.text)

    def exemplar(self) -> None:
        """Skip an exemplar of OpenMetrics, if one follows: labels, a value and an optional timestamp."""
        if not self.starts(" #"):
            return
        start = self._at + 1
        if not self.starts(" # {"):
            message = "an exemplar begins with ` # {`, with one blank each"
            raise MalformedLine(self.word(start), message, "write one blank before and after `#`")
        self._at += len(" # ")
        self.labels(self.word(start, start + 1), is_exemplar=True)
        self.number("an exemplar's value")
        self.time("an exemplar's timestamp")
        if not self.name.endswith(("_total", "_bucket")):
            self._only_newer(
                self.word(start, start + 1),
                f"`{self.name}` has an exemplar, and is neither a counter nor a bucket",
                "expose exemplars with `_total` and `_bucket` only",
            )

    def expect_end(self) -> None:
        """Raise MalformedLine unless the line is at its end."""
        if self.rest():
            raise self._unexpected("the end of the line")

    def _ends(self) -> bool:
        return not self.rest() or (self._openmetrics and self.starts(" #"))

    def _label(
        self,
        label: ExpositionToken,
        labels: list[tuple[ExpositionToken, ExpositionToken]],
        *,
        is_exemplar: bool,
    ) -> None:
        """Read `=` and a value, and add the label."""
        if not label.text:
            raise MalformedLine(label, "a label needs a name")
        if not is_exemplar and (
            label.text == "__name__" or any(label.text == each.text for each, _ in labels)
        ):
            raise MalformedLine(label, f"the label `{label.text}` occurs twice", "write each label once")
        self._need("=")
        value = self._string()
        if value is None:
            raise self._unexpected("a value in double quotes")
        self._skip()
        labels.append((label, value))

    def _separated(self) -> bool:
        """Read a comma between labels; return whether another label may follow, or the braces end."""
        comma = self.word(self._at, self._at + 1)
        if self._takes(","):
            if self._openmetrics and self.starts("}"):
                self._only_newer(comma, "a comma follows the last label", "remove the comma")
            return True
        # The text format's scanner takes labels without a comma between them.
        return self.starts("}") or not (self._openmetrics or self.starts(","))

    def _number_token(self, expected: str) -> ExpositionToken:
        if self._openmetrics and not self._takes(" "):
            raise self._unexpected(f"a blank and {expected}")
        found = self._next(_OPENMETRICS_WORD if self._openmetrics else _WORD)
        if not found.text:
            raise self._unexpected(expected)
        self._at += len(found.text)
        self._skip()
        return found

    def _checked(self, token: ExpositionToken, expected: str) -> float:
        """Return the value of a number; raise MalformedLine unless Prometheus reads it as one."""
        if not _NUMBER.fullmatch(token.text):
            raise MalformedLine(token, f"expected {expected}, found `{token.text}`")
        value = float(token.text)
        if math.isinf(value) and "inf" not in token.text.lower():
            raise MalformedLine(token, f"`{token.text}` is too large for a number of 64 bits", "write `+Inf`")
        return value

    def _only_newer(self, place: ExpositionToken, what: str, hint: str) -> None:
        self.newer = self.newer or ExpositionFault(place, f"{what}, which Prometheus 2 refuses", hint)

    def _skip(self) -> None:
        """Skip blanks and tabs, which only the text format has."""
        if not self._openmetrics:
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

    def _name(self, pattern: re.Pattern[str], expected: str, *, quoted: bool = True) -> ExpositionToken:
        """Read and return a name, in quotes or as the pattern has it; the blanks after it are not skipped."""
        in_quotes = self._string() if quoted else None
        if in_quotes is not None:
            hint = 'set `service.prometheus: "3.0"` or later, or expose names of letters, digits and `_`'
            self._only_newer(in_quotes, f"{expected} is in quotes", hint)
            return in_quotes
        found = pattern.match(self._text, self._at)
        if found is None:
            raise self._unexpected(expected)
        self._at = found.end()
        return self.word(*found.span())

    def _string(self) -> ExpositionToken | None:
        found = _STRING.match(self._text, self._at)
        if found:
            self._at = found.end()
            return self.word(*found.span(1), _unescaped(found[1]))
        if self.starts('"'):
            raise MalformedLine(self.word(self._at), "the quote is not closed", 'close it: `"`')
        return None

    def _next(self, pattern: re.Pattern[str]) -> ExpositionToken:
        found = pattern.match(self._text, self._at)
        return self.word(*found.span()) if found else self.word(self._at)

    def _unexpected(self, expected: str, pattern: re.Pattern[str] = _TOKEN) -> MalformedLine:
        token = self._next(pattern)
        found = f"`{token.text}`" if token.text else "the end of the line"
        return MalformedLine(token, f"expected {expected}, found {found}")


def _unescaped(text: str) -> str:
    return _ESCAPE.sub(lambda found: "\n" if found[1] == "n" else found[1], text)
