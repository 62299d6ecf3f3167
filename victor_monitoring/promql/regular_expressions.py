"""Regular expressions as Prometheus takes them, in RE2's syntax, matched by Python's engine."""

from __future__ import annotations

import functools
import math
import re
from typing import Final

# Syntax of Python's regular expressions that RE2, Prometheus' engine, rejects: look-around, back
# references, atomic groups, possessive repeats.
_NOT_RE2 = re.compile(
    r"(?<!\\)(?:\\\\)*(?:\\[1-9]|\\[ZG]|\(\?(?:[=!>#(]|<[=!]|P=|[a-zA-Z]*[aLux]|P<\w*[^\x00-\x7f])|[*+?}]\+)"
)
_NO_ESCAPE = re.compile(r"(?<!\\)(?:\\\\)*(\\(?:[uUN]|[^\x00-\x7f]))")  # rejected inside a class, too
_BACKSPACE = re.compile(r"(?<!\\)(?:\\\\)*\[[^\]]*\\b")
_REPEATED = re.compile(r"(?<!\\)(?:\\\\)*\{(?:\d+,)?(\d+),?\}")
_MOST_REPEATED = 1000
_CLASS = re.compile(r"(?<!\\)((?:\\\\)*)\[\^?\]?(?:[^\]\\]|\\.)*\]")
_PART = re.compile(r"\\.|\[:(?P<posix>[a-z]+):\]|\[\^?\]?|\]", re.DOTALL)
_POSIX: Final = {
    "alnum": "0-9A-Za-z", "alpha": "A-Za-z", "ascii": r"\x00-\x7f", "blank": r"\t ",
    "cntrl": r"\x00-\x1f\x7f",
    "digit": "0-9", "graph": "!-~", "lower": "a-z", "print": " -~", "punct": r"!-/:-@\[-`{-~",
    "space": r"\t-\r ", "upper": "A-Z", "word": "0-9A-Za-z_", "xdigit": "0-9A-Fa-f",
}  # fmt: skip
# Python's match more characters than those of ASCII.
_ASCII: Final = {
    r"\d": "0-9", r"\s": r"\t\n\f\r ", r"\w": "0-9A-Z_a-z",
    r"\D": r"\x00-/:-\U0010ffff", r"\S": r"\x00-\x08\v\x0e-\x1f!-\U0010ffff",
    r"\W": r"\x00-/:-@\[-^`{-\U0010ffff",
}  # fmt: skip
_REFERENCE: Final = re.compile(r"\$(?:(\$)|(\w+)|\{(\w+)\})")


@functools.lru_cache(10_000)
def compiled(pattern: str) -> re.Pattern[str]:
    """Return the pattern of a regular expression in RE2's syntax; re.error if it has none."""
    is_in_class = False

    def translated(part: re.Match[str]) -> str:
        nonlocal is_in_class
        text = part[0]
        if is_in_class:
            if part["posix"]:
                return _POSIX.get(part["posix"], text)
            is_in_class = text != "]"
            return f"\\{text}" if text[0] == "[" else _ASCII.get(text, text)
        is_in_class = text[0] == "["
        if part["posix"]:  # outside a class, a class of these characters
            is_in_class = False
            return f"[{text[1:-1]}]"
        if text in _ASCII:
            return f"[{_ASCII[text]}]"
        return r"\Z" if text == r"\z" else text

    return re.compile(_PART.sub(translated, pattern))


def pattern_fault(pattern: str) -> tuple[str, str] | None:
    """Return a message and a hint if a pattern is no regular expression of both RE2 and Python."""
    try:
        compiled(pattern)
    except re.error as error:
        return f"`{pattern}` is not a regular expression: {error}", "fix the expression"
    outside = _CLASS.sub(r"\1x", pattern)
    foreign = _NOT_RE2.search(outside) or _NO_ESCAPE.search(pattern) or _BACKSPACE.search(pattern)
    if foreign:
        message = f"Prometheus' regular expressions have no `{foreign[0]}`"
        return (
            message,
            "use RE2 syntax: no look-around, back references, possessive repeats or Unicode escapes",
        )
    # RE2 limits the product of nested repeats; the product of all repeats is an upper bound of it.
    times = math.prod(max(int(each), 1) for each in _REPEATED.findall(outside))
    if times > _MOST_REPEATED:
        return f"`{pattern}` repeats more than {_MOST_REPEATED} times", "repeat less often, or use `*` or `+`"
    return None


def replaced(expression: re.Pattern[str], replacement: str, text: str) -> str:
    """Return the text with all matches replaced as Go does: no empty match right behind another one."""
    pieces, done, start = [], 0, 0
    while start <= len(text) and (match := expression.search(text, start)):
        pieces.append(text[done : match.start()])
        if match.end() > done or match.start() == 0:
            pieces.append(with_groups(replacement, match))
        done = match.end()
        start = max(done, start + 1)
    return "".join(pieces) + text[done:]


def with_groups(template: str, match: re.Match[str]) -> str:
    """Return the template with `$1`, `${1}` and `${name}` replaced as by Go, unknown ones by nothing."""

    def value(reference: re.Match[str]) -> str:
        if reference[1]:
            return "$"
        name = reference[2] or reference[3]
        group: int | str = int(name) if name.isascii() and name.isdigit() else name
        try:
            return match[group] or ""
        except IndexError:
            return ""

    return _REFERENCE.sub(value, template)
