"""The selectors in a spec: a metric and its matchers, each part with its position."""

from __future__ import annotations

from dataclasses import dataclass

from victor_monitoring.promql.lexer import PromqlError, tokens
from victor_monitoring.promql.reader import read
from victor_monitoring.promql.tree import Matcher, Span, Vector

_SHAPE = 'write a metric, or a metric with matchers: `requests_total{code="500"}`'


@dataclass(frozen=True, slots=True)
class WrittenName:
    """A text in a selector, and where it starts and ends."""

    text: str
    part: Span


@dataclass(frozen=True, slots=True)
class WrittenMatcher:
    """A matcher with the positions of its label and value."""

    label: WrittenName
    op: str
    value: WrittenName

    @property
    def matcher(self) -> Matcher:
        """The matcher without positions."""
        return Matcher(self.label.text, self.op, self.value.text)


@dataclass(frozen=True, slots=True)
class WrittenSelector:
    """A selector as written in the spec."""

    text: str
    metric: WrittenName
    matchers: tuple[WrittenMatcher, ...]


def parse_selector(text: str) -> WrittenSelector:
    """Parse `metric` or `metric{label="value", ...}`. Raise PromqlError if `text` is neither."""
    first, *rest = tokens(text)
    if first.kind not in ("word", "name"):
        raise PromqlError(f"expected a metric name, found {first}", first.visible, _SHAPE)
    if rest[0].text == "(":
        message = f"`{first.text}(` is an expression, and a selector is wanted"
        raise PromqlError(
            message, rest[0].span, "name the metric alone; the signal's kind brings the functions"
        )
    vector = read(text)
    if not isinstance(vector, Vector):
        message = "a selector is wanted, and this is an expression"
        raise PromqlError(message, vector.span or first.span, _SHAPE)
    for token in rest:
        if token.kind == "mark" and token.text == "[":
            raise PromqlError("a selector has no window", token.span, "set `window:` on the signal")
        if (vector.offset and token.text.lower() == "offset") or token.text == "@":
            raise PromqlError(f"a selector has no `{token.text}`", token.span, _SHAPE)
    return written_selector(text, vector)


def written_selector(text: str, vector: Vector) -> WrittenSelector:
    """Return a selector that was read from the text, with the positions of its parts."""
    start, end = vector.span or (0, len(text))
    is_plain = text.startswith(vector.metric, start)
    metric = WrittenName(vector.metric, (start, start + len(vector.metric) if is_plain else end))
    return WrittenSelector(text, metric, tuple(_written(text, each) for each in vector.matchers))


def _written(text: str, matcher: Matcher) -> WrittenMatcher:
    start, end = matcher.span or (0, len(text))
    label = WrittenName(matcher.label, (start, start + len(matcher.label)))
    opened = text.index(text[end - 1], label.part[1])
    return WrittenMatcher(label, matcher.op, WrittenName(matcher.value, (opened + 1, end - 1)))
