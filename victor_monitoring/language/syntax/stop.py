"""Where YAML's parser stopped, and the text around that place."""

from __future__ import annotations

import re
from dataclasses import dataclass

import yaml

from victor_monitoring.base.diagnostics import Source, Span
from victor_monitoring.language.syntax.tree import ScalarNode

_TOKEN = re.compile(r"[\w.-]+|\S|$")


@dataclass(frozen=True, slots=True)
class ParserStop:
    """Where the parser stopped, counted from 1, what it said, and where what it was reading began."""

    source: Source
    problem: str
    line: int
    column: int
    context: str
    context_line: int
    context_column: int
    last: ScalarNode | None  # the last scalar that was read

    @property
    def text(self) -> str:
        """The line of the stop."""
        return self.source.line(self.line)

    @property
    def rest(self) -> str:
        """What follows the stop on its line."""
        return self.text[self.column - 1 :]

    def span(self, line: int, column: int, text: str) -> Span:
        """The span of `text`, which stands at `line` and `column`."""
        return Span(self.source, line, column, line, column + len(text))

    @property
    def token(self) -> str:
        """The word or the mark at the stop; empty at the end of the line."""
        found = _TOKEN.match(self.rest)
        return found[0] if found else ""

    @property
    def line_before(self) -> int:
        """The number of the last line with something on it above the stop, or the stop's own."""
        above = range(self.line - 1, 0, -1)
        return next((each for each in above if self.source.line(each).strip()), self.line)

    def value_at(self, line: int, column: int) -> str:
        """The line's text from `column` on, as far as it is one value: to a comment or a bracket's end."""
        text = self.source.line(line)
        value = re.split(r"\s#", text[column - 1 :], maxsplit=1)[0].rstrip()
        before = text[: column - 1]
        if before.count("{") > before.count("}") or before.count("[") > before.count("]"):
            value = re.split(r"[,\]}]", value, maxsplit=1)[0].rstrip() or value
        return value


def stop_of(error: yaml.YAMLError | ValueError, source: Source, last: ScalarNode | None) -> ParserStop:
    """Where and why the parser stopped; `last` is the scalar that it read before."""
    mark = getattr(error, "problem_mark", None)
    context_mark = getattr(error, "context_mark", None) or mark
    problem = getattr(error, "problem", None) or str(error).partition("\n")[0]
    context = getattr(error, "context", None) or ""
    return ParserStop(source, problem, *_inside(source, mark), context, *_inside(source, context_mark), last)


def _inside(source: Source, mark: yaml.Mark | None) -> tuple[int, int]:
    """The mark's line and column from 1, at the text's end where it lies behind it."""
    if mark is None:
        return 1, 1
    if mark.line >= len(source.lines):
        return len(source.lines), len(source.lines[-1]) + 1
    return mark.line + 1, min(mark.column, len(source.lines[mark.line])) + 1
