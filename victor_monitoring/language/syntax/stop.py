"""The position at which the YAML parser stopped, and the text around it."""

from __future__ import annotations

import re
from dataclasses import dataclass

import yaml

from victor_monitoring.base.diagnostics import Source, Span
from victor_monitoring.language.syntax.tree import ScalarNode

_TOKEN = re.compile(r"[\w.-]+|\S|$")


@dataclass(frozen=True, slots=True)
class ParserStop:
    """The parser's error: its position and problem, and its context with the position of its start."""

    source: Source
    problem: str
    line: int
    column: int
    context: str
    context_line: int
    context_column: int
    last: ScalarNode | None  # the last scalar before the stop

    @property
    def text(self) -> str:
        """The line of the stop."""
        return self.source.line(self.line)

    @property
    def rest(self) -> str:
        """The text after the stop on its line."""
        return self.text[self.column - 1 :]

    def span(self, line: int, column: int, text: str) -> Span:
        """Return the span of `text`, which starts at `line` and `column`."""
        return Span(self.source, line, column, line, column + len(text))

    @property
    def token(self) -> str:
        """The word or punctuation at the stop; empty at the end of the line."""
        found = _TOKEN.match(self.rest)
        return found[0] if found else ""

    @property
    def line_before(self) -> int:
        """The number of the last line above the stop that is not blank; if none, the line of the stop."""
        above = range(self.line - 1, 0, -1)
        return next((each for each in above if self.source.line(each).strip()), self.line)

    def value_at(self, line: int, column: int) -> str:
        """Return the value that starts at `column`: up to a comment, or to the end of an item in brackets."""
        text = self.source.line(line)
        value = re.split(r"\s#", text[column - 1 :], maxsplit=1)[0].rstrip()
        before = text[: column - 1]
        if before.count("{") > before.count("}") or before.count("[") > before.count("]"):
            value = re.split(r"[,\]}]", value, maxsplit=1)[0].rstrip() or value
        return value


def stop_of(error: yaml.YAMLError | ValueError, source: Source, last: ScalarNode | None) -> ParserStop:
    """Return the stop that `error` describes; `last` is the last scalar before it."""
    mark = getattr(error, "problem_mark", None)
    context_mark = getattr(error, "context_mark", None) or mark
    problem = getattr(error, "problem", None) or str(error).partition("\n")[0]
    context = getattr(error, "context", None) or ""
    return ParserStop(source, problem, *_inside(source, mark), context, *_inside(source, context_mark), last)


def _inside(source: Source, mark: yaml.Mark | None) -> tuple[int, int]:
    """Return the mark's line and column from 1; the end of the text if the mark lies after it."""
    if mark is None:
        return 1, 1
    if mark.line >= len(source.lines):
        return len(source.lines), len(source.lines[-1]) + 1
    return mark.line + 1, min(mark.column, len(source.lines[mark.line])) + 1
