"""The tokens of PromQL, each with its position."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final, Literal, TypeAlias, cast

from victor_monitoring.promql.text_error import TextError
from victor_monitoring.promql.tree import Span

Kind: TypeAlias = Literal["word", "name", "number", "duration", "string", "mark", "end"]


class PromqlError(TextError):
    """A text that is no expression, or one that Prometheus refuses."""


@dataclass(frozen=True, slots=True)
class Token:
    """A token: a word may be a keyword or a name, a name has a `:`, a mark is an operator or punctuation."""

    kind: Kind
    text: str
    start: int

    @property
    def end(self) -> int:
        """The offset behind the token."""
        return self.start + len(self.text)

    @property
    def span(self) -> Span:
        """The range of the token."""
        return self.start, self.end

    @property
    def visible(self) -> Span:
        """The range to put a caret under: at the end of a text its last character."""
        return (max(self.start - 1, 0), self.start) if self.kind == "end" else self.span

    def __str__(self) -> str:
        return "the end" if self.kind == "end" else f"`{self.text}`"


_SKIPPED: Final = re.compile(r"(?:[ \t\r\n]|#[^\n]*)+")
_STRING: Final = re.compile(r'"(?:[^"\\\n]|\\.)*"|\'(?:[^\'\\\n]|\\.)*\'|`[^`]*`')
_DURATION: Final = r"(?:\d+(?:ms|[smhdwy]))+"
_DECIMAL: Final = r"(?:\d+(?:_\d+)*(?:\.(?:\d+(?:_\d+)*)?)?|\.\d+(?:_\d+)*)(?:[eE][+-]?\d+)?"
_TOKEN: Final = re.compile(
    rf"(?P<duration>{_DURATION})"
    rf"|(?P<number>0[xX][0-9a-fA-F]+(?:_[0-9a-fA-F]+)*|{_DECIMAL})"
    r"|(?P<name>[a-zA-Z_]*:[a-zA-Z0-9_:]*|[a-zA-Z_][a-zA-Z0-9_]*:[a-zA-Z0-9_:]*)"
    r"|(?P<word>[a-zA-Z_][a-zA-Z0-9_]*)"
    r"|(?P<mark>=~|!~|==|!=|<=|>=|</|>/|[-+*/%^<>=(){}\[\],@:])"
)
_GLUED: Final = re.compile(r"[a-zA-Z0-9_]+")
_ESCAPED: Final = re.compile(
    r"\\(?:x[0-9a-fA-F]{2}|[0-7]{3}|u[0-9a-fA-F]{4}|U[0-9a-fA-F]{8}|(?P<simple>[abfnrtv\\'\"])|(?P<other>.?))",
    re.DOTALL,
)
_SIMPLE: Final = dict(zip("abfnrtv\\'\"", "\a\b\f\n\r\t\v\\'\"", strict=True))


def tokens(text: str) -> Iterator[Token]:
    """Yield the tokens of `text` without comments, the last one of the kind `end`; raise PromqlError."""
    at, in_brackets = 0, False
    while True:
        skipped = _SKIPPED.match(text, at)
        at = skipped.end() if skipped else at
        if at == len(text):
            yield Token("end", "", at)
            return
        token = _string(text, at) if text[at] in "\"'`" else _token(text, at, in_brackets=in_brackets)
        if token.text in ("[", "]"):
            in_brackets = token.text == "["
        yield token
        at = token.end


def unquoted(token: Token) -> str:
    """Return the value of a string; PromqlError if it has an unknown escape."""
    try:
        return string_bytes(token).decode()
    except UnicodeDecodeError:
        raise PromqlError("the string is not UTF-8", token.span, "escape characters, not bytes") from None


def string_bytes(token: Token) -> bytes:
    """Return the bytes of a string of Go; PromqlError if it has an unknown escape."""
    inner = token.text[1:-1]
    if token.text[0] == "`":
        return inner.encode()
    found = bytearray()
    at = 0
    for each in _ESCAPED.finditer(inner):
        found += inner[at : each.start()].encode()
        found += _escape(each, token)
        at = each.end()
    return bytes(found + inner[at:].encode())


def _escape(escape: re.Match[str], token: Token) -> bytes:
    start = token.start + 1 + escape.start()
    here = (start, start + len(escape[0]))
    if escape["simple"] is not None:
        if escape[0][1] in "'\"" and escape[0][1] != token.text[0]:
            raise PromqlError(
                f"a string in {token.text[0]} has no escape `{escape[0]}`", here, "leave the `\\` out"
            )
        return _SIMPLE[escape["simple"]].encode()
    if escape["other"] is not None:
        raise PromqlError(f"unknown escape `{escape[0]}`", here, "double the `\\`, or quote with backticks")
    digits = escape[0].lstrip("\\xuU")
    code = int(digits, 8 if escape[0][1] in "01234567" else 16)
    if escape[0][1] not in "uU":
        if code > 255:
            raise PromqlError(f"`{escape[0]}` is no byte", here, "an octal escape ends at `\\377`")
        return bytes([code])
    try:
        return chr(code).encode()
    except (ValueError, UnicodeEncodeError):
        raise PromqlError(f"`{escape[0]}` is no character", here, "use the number of a character") from None


def _string(text: str, at: int) -> Token:
    found = _STRING.match(text, at)
    if found is None:
        line = len(text) if text[at] == "`" else (text + "\n").index("\n", at)
        raise PromqlError("the string does not end", (at, line), f"end it with `{text[at]}` on its line")
    return Token("string", found[0], at)


def _token(text: str, at: int, *, in_brackets: bool) -> Token:
    found = _TOKEN.match(text, at)
    if found is None:
        if text[at] == "!":
            raise PromqlError("`!` alone is no operator", (at, at + 1), "write `!=`, or `unless`")
        message = f"`{text[at]}` is no part of PromQL"
        raise PromqlError(
            message, (at, at + 1), "names have letters, digits, `_` and `:`; quote any other text"
        )
    kind, token = cast("Kind", found.lastgroup), found[0]
    if kind == "name" and in_brackets:  # `[5m:step()]` has no name in it
        kind, token = ("word", token[: token.index(":")]) if token[0] != ":" else ("mark", ":")
    if kind in ("number", "duration") and (glued := _GLUED.match(text, found.end())):
        end = glued.end()
        message = f"`{text[at:end]}` is neither a number nor a duration"
        raise PromqlError(message, (at, end), "write `1.5e3` or `1h30m`, or put a space behind it")
    return Token(kind, token, at)
