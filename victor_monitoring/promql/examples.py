"""Texts that a regular expression matches."""

from __future__ import annotations

import functools
import re
import string
from typing import Final

from victor_monitoring.promql.regular_expressions import compiled

_MOST: Final = 20  # texts of one expression
_CHARACTERS: Final = f"{string.digits}{string.ascii_letters}-_.:/ {string.punctuation}\n\té"
_FLAGS: Final = re.compile(r"\?[a-zA-Z]*(-[a-zA-Z]*)?\)")  # of all that follows, such as `(?i)`
_GROUP: Final = re.compile(r"\?(?:P?<\w+>|[a-zA-Z]*(?:-[a-zA-Z]*)?:)")
_CLASS: Final = re.compile(r"\[\^?\]?(?:\[:\^?[a-z]+:\]|\\.|[^\]\\])*\]", re.DOTALL)
_ESCAPE: Final = re.compile(r"\\(?:x\{[0-9a-fA-F]+\}|x[0-9a-fA-F]{2}|[pP]\{\w+\}|.)", re.DOTALL)
_REPEAT: Final = re.compile(r"([*+?]|\{(\d+)(?:,\d*)?\})\??")
_BORDERS: Final = frozenset({"^", "$", r"\b", r"\B", r"\A", r"\z"})


@functools.lru_cache(10_000)
def examples(pattern: str) -> tuple[str, ...]:
    """Return texts that a valid pattern matches as a whole, each alternative's in its order.

    An optional or repeated part occurs once, or not at all, or as often as it must. Empty if none is found.
    """
    matches = compiled(pattern).fullmatch
    return tuple(dict.fromkeys(text for text in _Reader(pattern).alternatives() if matches(text)))


class _Reader:
    """A reader of a pattern; its methods return texts that match the part that they read."""

    def __init__(self, pattern: str) -> None:
        self._pattern, self._at = pattern, 0

    def alternatives(self) -> list[str]:
        found = self._sequence()
        while self._next() == "|":
            self._at += 1
            found += self._sequence()
        return found[:_MOST]

    def _sequence(self) -> list[str]:
        found = [""]
        while self._next() not in ("", "|", ")"):
            part = self._repeated()
            found = [before + text for before in found for text in part][:_MOST]
        return found

    def _repeated(self) -> list[str]:
        once = self._atom()
        while repeat := self._take(_REPEAT):
            times = max(int(repeat[2] or 1), 1)
            is_optional = repeat[1] in ("*", "?") or repeat[2] == "0"
            once = [text * times for text in once] + [""] * is_optional
        return once

    def _atom(self) -> list[str]:
        if self._next() == "(":
            return self._group()
        found = self._take(_CLASS) or self._take(_ESCAPE)
        atom = found[0] if found else self._next()
        self._at += 0 if found else 1
        if atom in _BORDERS:
            return [""]
        matches = compiled(atom if found or atom == "." else re.escape(atom)).fullmatch
        candidates = (atom, *_CHARACTERS) if len(atom) == 1 and atom != "." else _CHARACTERS
        return [next((each for each in candidates if matches(each)), atom)]

    def _group(self) -> list[str]:
        self._at += 1
        if self._take(_FLAGS):
            return [""]
        self._take(_GROUP)
        found = self.alternatives()
        self._at += 1  # behind the closing parenthesis
        return found

    def _next(self) -> str:
        return self._pattern[self._at : self._at + 1]

    def _take(self, part: re.Pattern[str]) -> re.Match[str] | None:
        found = part.match(self._pattern, self._at)
        self._at = found.end() if found else self._at
        return found
