"""The parser of the selectors in a spec: a metric and its matchers, each token with its position."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final, TypeAlias

from victor_monitoring.promql.regular_expressions import pattern_fault
from victor_monitoring.promql.text_error import TextError
from victor_monitoring.promql.tree import Matcher

TextRange: TypeAlias = tuple[int, int]

_NAME = re.compile(r"[a-zA-Z_:][a-zA-Z0-9_:]*")
_LABEL = re.compile(r"[a-zA-Z_][a-zA-Z0-9_]*")
_OP = re.compile(r"=~|!~|!=|=")
_SPACE = re.compile(r"\s*")
_STRING = re.compile(r'"((?:[^"\\\n]|\\.)*)"|\'((?:[^\'\\\n]|\\.)*)\'')
_ESCAPE: Final = {"n": "\n", "t": "\t", "r": "\r", "\\": "\\", '"': '"', "'": "'"}


class SelectorError(TextError):
    """A selector that cannot be parsed."""


@dataclass(frozen=True, slots=True)
class Token:
    """A token of a selector: its text, and its start and end in the selector."""

    text: str
    part: TextRange


@dataclass(frozen=True, slots=True)
class WrittenMatcher:
    """A matcher with the positions of its label and value."""

    label: Token
    op: str
    value: Token

    @property
    def matcher(self) -> Matcher:
        """The matcher without positions."""
        return Matcher(self.label.text, self.op, self.value.text)


@dataclass(frozen=True, slots=True)
class WrittenSelector:
    """A selector as written in the spec."""

    text: str
    metric: Token
    matchers: tuple[WrittenMatcher, ...]


def parse_selector(text: str) -> WrittenSelector:
    """Parse `metric` or `metric{label="value", ...}`. Raise SelectorError if `text` is neither."""
    return _SelectorReader(text).selector()


class _SelectorReader:
    def __init__(self, text: str) -> None:
        self.text, self.at = text, 0

    def space(self) -> None:
        match = _SPACE.match(self.text, self.at)
        assert match is not None  # the pattern matches the empty string
        self.at = match.end()

    def fail(self, message: str, hint: str) -> SelectorError:
        end = min(self.at + 1, len(self.text))
        return SelectorError(message, (min(self.at, max(end - 1, 0)), end), hint)

    def take(self, pattern: re.Pattern[str], what: str, hint: str) -> re.Match[str]:
        self.space()
        match = pattern.match(self.text, self.at)
        if match is None:
            found = f"`{self.text[self.at]}`" if self.at < len(self.text) else "the end"
            raise self.fail(f"expected {what}, found {found}", hint)
        self.at = match.end()
        return match

    def token(self, pattern: re.Pattern[str], what: str, hint: str) -> Token:
        match = self.take(pattern, what, hint)
        return Token(match[0], match.span())

    def peek(self, mark: str) -> bool:
        self.space()
        return self.text.startswith(mark, self.at)

    def skip(self, mark: str) -> bool:
        found = self.peek(mark)
        self.at += len(mark) if found else 0
        return found

    def selector(self) -> WrittenSelector:
        shape = 'write a metric, or a metric with matchers: `requests_total{code="500"}`'
        metric = self.token(_NAME, "a metric name", shape)
        matchers: list[WrittenMatcher] = []
        if self.skip("{"):
            while not self.skip("}"):
                matchers.append(self.matcher())
                if not self.skip(",") and not self.peek("}"):
                    raise self.fail("expected `,` or `}` after a matcher", shape)
        self.space()
        if self.at < len(self.text):
            if self.text[self.at] == "(":
                raise self.fail(
                    f"`{metric.text}(` is an expression, and a selector is wanted",
                    "name the metric alone; the signal's kind brings the functions",
                )
            if self.text[self.at] == "[":
                raise self.fail("a selector has no window", "set `window:` on the signal")
            raise self.fail(f"`{self.text[self.at]}` after the end of the selector", shape)
        return WrittenSelector(self.text, metric, tuple(matchers))

    def matcher(self) -> WrittenMatcher:
        label = self.token(_LABEL, "a label name", 'a matcher is `label="value"`')
        op = self.token(_OP, f"`=`, `!=`, `=~` or `!~` after `{label.text}`", 'a matcher is `label="value"`')
        string = self.take(_STRING, "a quoted value", f'quote it: `{label.text}{op.text}"..."`')
        inner = (string.start() + 1, string.end() - 1)
        value = Token(_unescaped(string[0][1:-1]), inner)
        if op.text in ("=~", "!~") and (fault := pattern_fault(value.text)):
            raise SelectorError(fault[0], inner, fault[1])
        return WrittenMatcher(label, op.text, value)


def _unescaped(text: str) -> str:
    return re.sub(r"\\(.)", lambda match: _ESCAPE.get(match[1], match[0]), text)
