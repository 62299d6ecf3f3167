"""What a plain (unquoted) scalar means: its value, and where YAML's versions disagree, what to write."""

from __future__ import annotations

import datetime
import math
import re
from collections.abc import Callable
from dataclasses import dataclass

from victor_monitoring.base.diagnostics import Diagnostic, Pattern, Span
from victor_monitoring.language.syntax.mistakes import (
    AMBIGUOUS_NUMBER,
    AMBIGUOUS_WORD,
    TIMESTAMP,
    YAML_TAG,
    quoted,
    shown,
)
from victor_monitoring.language.syntax.tree import NodePosition, ScalarNode, ScalarValue


@dataclass(frozen=True, slots=True)
class MisreadScalar:
    """Why a plain scalar is not what it looks like, and what to write instead."""

    mistake: Pattern
    message: str
    hint: str


ResolvedScalar = tuple[ScalarValue, MisreadScalar | None]

_VALUES: dict[str, ScalarValue] = {"": None, "~": None}
_VALUES |= dict.fromkeys(("null", "Null", "NULL"), None)
_VALUES |= dict.fromkeys(("true", "True", "TRUE"), True)
_VALUES |= dict.fromkeys(("false", "False", "FALSE"), False)
_WORDS = {
    form: value
    for word, value in {"yes": True, "no": False, "on": True, "off": False, "y": True, "n": False}.items()
    for form in (word, word.capitalize(), word.upper())
}
_SPECIAL = frozenset(_VALUES) | frozenset(_WORDS)
_NUMBER_STARTS = frozenset("0123456789+-.")
_MAX_LENGTH = 40

_FORMS = re.compile(
    r"""
      (?P<integer>     [-+]? (?:0|[1-9][0-9]*) )
    | (?P<decimal>     [-+]? (?:[0-9]+\.[0-9]*|\.[0-9]+) )
    | (?P<date>        [0-9]{4}-[0-9]{2}-[0-9]{2} )
    | (?P<zero>        [-+]? 0[0-9]+ )
    | (?P<radix>       [-+]? 0(?:x[0-9a-fA-F_]+|o[0-7_]+|b[01_]+) )
    | (?P<exponent>    [-+]? (?:[0-9][0-9_]*\.?[0-9_]*|\.[0-9]+) [eE][-+]?[0-9]+ )
    | (?P<clock>       [-+]? (?:[1-9][0-9_]*(?::[0-5]?[0-9])+ | [0-9][0-9_]*(?::[0-5]?[0-9])+\.[0-9_]*) )
    | (?P<underscores> [-+]? [0-9][0-9_]* (?:\.[0-9_]*)? )
    | (?P<infinity>    [-+]? \.(?:inf|Inf|INF) | \.(?:nan|NaN|NAN) )
    | (?P<moment>      [0-9]{4}-[0-9]{1,2}-[0-9]{1,2} (?:[Tt]|[ \t]+)
                       [0-9]{1,2}:[0-9]{2}:[0-9]{2} (?:\.[0-9]*)?
                       (?:[ \t]*(?:Z|[-+][0-9]{1,2}(?::?[0-9]{2})?))? )
    """,
    re.VERBOSE,
)
_LONG_NUMBER = re.compile(r"[-+]?(?:0x[0-9a-fA-F_]+|[0-9][0-9_.:]*)")


def resolve(text: str) -> ResolvedScalar:
    """The value of a plain scalar; with a surprise, a value that lets the reading go on."""
    if text in _SPECIAL:
        return _word(text) if text in _WORDS else (_VALUES[text], None)
    if text[0] not in _NUMBER_STARTS:
        return text, None
    if len(text) > _MAX_LENGTH:
        return _too_long(text) if _LONG_NUMBER.fullmatch(text) else (text, None)
    form = _FORMS.fullmatch(text)
    return _READERS[str(form.lastgroup)](text) if form else (text, None)


def _word(text: str) -> ResolvedScalar:
    boolean = "true" if _WORDS[text] else "false"
    message = f"a bare `{text}` is a boolean for some tools and text for others"
    return text, MisreadScalar(AMBIGUOUS_WORD, message, f"quote it, `{quoted(text)}`, or write `{boolean}`")


def _integer(text: str) -> ResolvedScalar:
    return int(text), None


def _decimal(text: str) -> ResolvedScalar:
    return float(text), None


def _too_long(text: str) -> ResolvedScalar:
    message = f"the number {shown(text)} has {len(text)} characters"
    hint = f"write at most {_MAX_LENGTH}, or quote it, where text is meant"
    return text, MisreadScalar(AMBIGUOUS_NUMBER, message, hint)


def _number(text: str, value: ScalarValue, message: str, write: str) -> ResolvedScalar:
    """A number that YAML's versions read differently: `write` is the plain way to write it, if any."""
    or_quote = f"quote it, `{quoted(text)}`, where text is meant"
    return value, MisreadScalar(
        AMBIGUOUS_NUMBER, message, f"write `{write}`, or {or_quote}" if write else or_quote
    )


def _zero(text: str) -> ResolvedScalar:
    decimal = int(text)
    if set(text) & set("89"):
        message = f"`{text}` is text for some tools and {decimal} for others, because of the zero in front"
    else:
        message = f"`{text}` is octal for some tools ({int(text, 8)}) and {decimal} for others"
    return _number(text, decimal, message, str(decimal))


def _radix(text: str) -> ResolvedScalar:
    digits = text.replace("_", "")
    if len(digits.lstrip("+-")) < 3:  # `0x_`
        return text, None
    value = int(digits, 0)
    kind = {"x": "hexadecimal", "o": "octal", "b": "binary"}[digits.lstrip("+-")[1]]
    message = f"`{text}` is {value} for some tools ({kind}) and text for others"
    return _number(text, value, message, str(value))


def _exponent(text: str) -> ResolvedScalar:
    value = float(text.replace("_", ""))
    if not math.isfinite(value):
        return _number(text, text, f"`{text}` is larger than any number", "")
    message = f"`{text}` is text for some tools and a number for others"
    if value.is_integer() and abs(value) < 1e18:
        return _number(text, int(value), message, str(int(value)))
    written = repr(value)
    return _number(text, value, message, "" if "e" in written else written)


def _clock(text: str) -> ResolvedScalar:
    sign = -1 if text[0] == "-" else 1
    seconds = 0.0
    for field in text.lstrip("+-").replace("_", "").split(":"):
        seconds = seconds * 60 + float(field or 0)
    value = f"{sign * seconds:g}"
    message = f"`{text}` is {value} for some tools (base 60) and text for others"
    hint = f"write a duration such as `{value}s`, or quote it, `{quoted(text)}`"
    return text, MisreadScalar(AMBIGUOUS_NUMBER, message, hint)


def _underscores(text: str) -> ResolvedScalar:
    digits = text.replace("_", "")
    value, surprise = resolve(digits)
    message = f"`{text}` is {digits} for some tools and text for others"
    return _number(text, text if surprise else value, message, "" if surprise else digits)


def _infinity(text: str) -> ResolvedScalar:
    return _number(text, text, f"`{text}` is not a number that can be compared with", "")


def _date(text: str) -> ResolvedScalar:
    try:
        return datetime.date.fromisoformat(text), None
    except ValueError:
        message = f"no calendar has the day `{text}`"
        return text, MisreadScalar(TIMESTAMP, message, f"write YEAR-MONTH-DAY, or quote it, `{quoted(text)}`")


def _moment(text: str) -> ResolvedScalar:
    message = f"`{text}` is a moment in time; specs know days only"
    return text, MisreadScalar(
        TIMESTAMP, message, f"write the day, `{text[:10]}`, or quote it, `{quoted(text)}`"
    )


_READERS: dict[str, Callable[[str], ResolvedScalar]] = {
    "integer": _integer,
    "decimal": _decimal,
    "date": _date,
    "zero": _zero,
    "radix": _radix,
    "exponent": _exponent,
    "clock": _clock,
    "underscores": _underscores,
    "infinity": _infinity,
    "moment": _moment,
}


_PROPERTY = re.compile(r"(?:[&!]\S*)?\s*(?:#.*)?")
_TAG = re.compile(r"!\S*")
_COMPARISON = re.compile(r"!(?:=|~|$)")
_TEXT_TAGS = ("!", "tag:yaml.org,2002:str")


def skip_properties(node: NodePosition) -> None:
    """Move the start of `node` behind its anchor and its tag, on a later line if it stands there."""
    line, column = node.line, node.column
    end = (node.end_line, node.end_column)
    while (line, column) < end:
        text = node.source.line(line)
        found = _PROPERTY.match(text, column - 1)
        if found is None or (not found[0] and column <= len(text)):
            break
        line, column = (line + 1, 1) if found.end() == len(text) else (line, found.end() + 1)
    node.line, node.column = min((line, column), end)


def tag_mistake(place: NodePosition) -> Diagnostic:
    """The mistake of a node whose anchor and tag start at `place`, where the whole node is on one line."""
    text = place.source.line(place.line)
    found = _TAG.search(text, place.column - 1)
    start = found.start() if found else place.column - 1
    one_line = place.end_line == place.line and isinstance(place, ScalarNode)
    written = text[start : place.end_column - 1] if one_line else text[start:]
    tag = found[0] if found else "!"
    span = Span(place.source, place.line, start + 1, place.line, start + 1 + len(tag))
    message = f"a bare `!` starts a tag in YAML, so {shown(tag)} is no part of the value in {shown(written)}"
    delete = "" if _COMPARISON.match(tag) else f"delete {shown(tag)}, or "
    return YAML_TAG.at(span, message, f"{delete}quote the whole value: {shown(quoted(written))}")


def tagged_text(node: ScalarNode, tag: str) -> str | None:
    """The text that a tagged plain scalar is taken for, or None where it is to be read without its tag."""
    if tag in _TEXT_TAGS:
        return node.text
    text = node.source.line(node.line)
    written = text[node.column - 1 : node.end_column - 1] if node.line == node.end_line else ""
    return written if _COMPARISON.match(written) else None
