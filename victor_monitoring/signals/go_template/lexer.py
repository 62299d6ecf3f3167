"""The tokens of a Go template, each with its position."""

from __future__ import annotations

import re
from collections.abc import Generator, Iterator
from dataclasses import dataclass
from typing import Final, Literal, TypeAlias, cast

from victor_monitoring.promql.text_error import TextError
from victor_monitoring.signals.go_template.tree import Span

Kind: TypeAlias = Literal[
    "text",
    "open",
    "close",
    "word",
    "field",
    "variable",
    "dot",
    "number",
    "character",
    "string",
    "mark",
    "end",
]


class GoTemplateError(TextError):
    """A text that Prometheus refuses as a template."""


@dataclass(frozen=True, slots=True)
class Token:
    """A token of an action, or the text between two actions; `is_apart` if a space precedes it."""

    kind: Kind
    text: str
    start: int
    is_apart: bool = False

    @property
    def span(self) -> Span:
        """The range of the token."""
        return self.start, self.start + len(self.text)

    def is_mark(self, *marks: str) -> bool:
        """Return whether the token is one of these marks."""
        return self.kind == "mark" and self.text in marks

    def is_word(self, *words: str) -> bool:
        """Return whether the token is one of these words."""
        return self.kind == "word" and self.text in words

    def __str__(self) -> str:
        return "the end" if self.kind in ("end", "text") else f"`{self.text}`"


_SPACE: Final = " \t\r\n"
_SPACES: Final = re.compile(f"[{_SPACE}]*")
_TRIMMING: Final = re.compile(f"-[{_SPACE}]")
_BEHIND_COMMENT: Final = re.compile(rf"([{_SPACE}]-)?\}}\}}")
_TOKEN: Final = re.compile(
    r'(?P<string>"(?:[^"\\\n]|\\[^\n])*"|`[^`]*`)'
    r"|(?P<character>'(?:[^'\\\n]|\\[^\n])*')"
    r"|(?P<number>[+-]|\.?[0-9])"  # its beginning
    r"|(?P<variable>\$\w*)|(?P<field>\.\w+)|(?P<dot>\.)|(?P<word>\w+)"
    r"|(?P<mark>:=|[!-~])"
)
_NUMBER: Final = re.compile(
    r"[+-]?(?:0[xX][\da-fA-F_]*(?:\.[\da-fA-F_]*)?(?:[pP][+-]?[\d_]*)?|0[oO][0-7_]*(?:\.[0-7_]*)?"
    r"|0[bB][01_]*(?:\.[01_]*)?|[\d_]*(?:\.[\d_]*)?(?:[eE][+-]?[\d_]*)?)i?",
    re.ASCII,
)
_BEHIND_NAME: Final = re.compile(rf"[{_SPACE}.,|:()]|\}}\}}|\Z")


def tokens(text: str) -> Iterator[Token]:
    """Yield the tokens of a template without comments, the last one of the kind `end`.

    Raise GoTemplateError at the first mistake.
    """
    at, is_trimmed = 0, False
    while True:
        opening = text.find("{{", at)
        plain = text[at:] if opening < 0 else text[at:opening]
        plain = plain.lstrip(_SPACE) if is_trimmed else plain
        if opening >= 0 and _TRIMMING.match(text, opening + 2):
            plain = plain.rstrip(_SPACE)
        if plain:
            yield Token("text", plain, at)
        if opening < 0:
            yield Token("end", "", len(text))
            return
        at, is_trimmed = yield from _action(text, opening)


def _action(text: str, opening: int) -> Generator[Token, None, tuple[int, bool]]:
    """Yield the tokens of an action; return the offset behind it, and whether the space there is trimmed."""
    at = opening + 2
    at = found.end() if (found := _TRIMMING.match(text, at)) else at
    if text.startswith("/*", at):
        return _comment(text, opening, at)
    yield Token("open", "{{", opening)
    parentheses: list[int] = []
    while True:
        start = at
        at += len(_SPACES.match(text, at)[0])  # type: ignore[index] # it matches anywhere
        is_trimmed = at > start and text.startswith("-}}", at)
        if is_trimmed or text.startswith("}}", at):
            if parentheses:
                raise GoTemplateError(
                    "the parenthesis does not end", (parentheses[-1], parentheses[-1] + 1), "add `)`"
                )
            yield Token("close", "-}}" if is_trimmed else "}}", at, at > start)
            return at + (3 if is_trimmed else 2), is_trimmed
        if at == len(text):
            raise GoTemplateError("the action does not end", (opening, opening + 2), "end it with `}}`")
        token = _token(text, at, is_apart=at > start)
        if token.is_mark("("):
            parentheses.append(at)
        elif token.is_mark(")"):
            if not parentheses:
                raise GoTemplateError("`)` has no `(`", token.span, "leave it out, or add `(`")
            parentheses.pop()
        yield token
        at = token.span[1]


def _comment(text: str, opening: int, at: int) -> tuple[int, bool]:
    end = text.find("*/", at + 2)
    if end < 0:
        raise GoTemplateError("the comment does not end", (opening, at + 2), "end it with `*/}}`")
    closing = _BEHIND_COMMENT.match(text, end + 2)
    if closing is None:
        raise GoTemplateError(
            "the action with a comment has something else in it", (end, end + 2), "end it with `*/}}`"
        )
    return closing.end(), closing[1] is not None


def _token(text: str, at: int, *, is_apart: bool) -> Token:
    found = _TOKEN.match(text, at)
    if found is None:
        message = f"`{text[at]}` is no part of a template"
        raise GoTemplateError(
            message, (at, at + 1), "names have letters, digits and `_`; quote any other text"
        )
    kind, token = cast("Kind", found.lastgroup), found[0]
    if kind == "mark" and text[at] in "'\"`":
        end = len(text) if text[at] == "`" else (text + "\n").index("\n", at)
        raise GoTemplateError("the string does not end", (at, end), f"end it with {text[at]} on its line")
    if kind == "number":
        token = _number(text, at)
    elif kind in ("variable", "field", "dot", "word") and not _BEHIND_NAME.match(text, found.end()):
        behind = text[found.end()]
        raise GoTemplateError(
            f"`{behind}` directly behind `{token}`", (found.end(), found.end() + 1), _separation(behind)
        )
    return Token(kind, token, at, is_apart)


def _separation(character: str) -> str:
    if character in "-[":
        return 'other labels are read by `index $labels "NAME"`'
    if character in "=<>!+*/%":
        return "compare with functions: `eq $value 0.0`, `gt $value 5.0`"
    return "put a space between them"


def _number(text: str, at: int) -> str:
    end = at + len(_NUMBER.match(text, at)[0])  # type: ignore[index] # it matches a sign, a digit or `.`
    if not _is_glued(text, end) and text[end : end + 1] in ("+", "-"):  # of a complex number, such as `1+2i`
        end += len(_NUMBER.match(text, end)[0])  # type: ignore[index] # it matches a sign
        if text[end - 1] == "i" and not _is_glued(text, end):
            return text[at:end]
    elif not _is_glued(text, end):
        return text[at:end]
    end += _is_glued(text, end)
    raise GoTemplateError(f"`{text[at:end]}` is no number", (at, end), "write a number: `0.5`, or quote text")


def _is_glued(text: str, at: int) -> bool:
    return text[at : at + 1] == "_" or text[at : at + 1].isalnum()
