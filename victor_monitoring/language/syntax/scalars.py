"""The value of a plain (unquoted) scalar, and a mistake if the versions of YAML disagree about it."""

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
    """The mistake of a plain scalar that is not read as it looks."""

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
    """Return the value of a plain scalar; if it is misread, a plausible value, so that reading goes on."""
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
    hint = f"write at most {_MAX_LENGTH}, or quote it if text is meant"
    return text, MisreadScalar(AMBIGUOUS_NUMBER, message, hint)


def _number(text: str, value: ScalarValue, message: str, write: str) -> ResolvedScalar:
    """Return a number that the versions of YAML read differently; `write` is its plain form, if any."""
    or_quote = f"quote it, `{quoted(text)}`, if text is meant"
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
        return _number(text, text, f"`{text}` is too large for a number", "")
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
    value, misread = resolve(digits)
    message = f"`{text}` is {digits} for some tools and text for others"
    return _number(text, text if misread else value, message, "" if misread else digits)


def _infinity(text: str) -> ResolvedScalar:
    return _number(text, text, f"`{text}` is not a finite number", "")


def _date(text: str) -> ResolvedScalar:
    try:
        return datetime.date.fromisoformat(text), None
    except ValueError:
        message = f"`{text}` is not a valid date"
        return text, MisreadScalar(TIMESTAMP, message, f"write YEAR-MONTH-DAY, or quote it, `{quoted(text)}`")


def _moment(text: str) -> ResolvedScalar:
    message = f"`{text}` is a date with a time; a spec has dates only"
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
    """Move the start of `node` past its anchor and its tag, to a later line if the value starts there."""
    line, column = node.line, node.column
    end = (node.end_line, node.end_column)
    while (line, column) < end:
        text = node.source.line(line)
        found = _PROPERTY.match(text, column - 1)
        if found is None or (not found[0] and column <= len(text)):
            break
        line, column = (line + 1, 1) if found.end() == len(text) else (line, found.end() + 1)
    node.line, node.column = min((line, column), end)


def tag_mistake(node: NodePosition) -> Diagnostic:
    """Return the diagnostic for a tagged node; `node` starts at its anchor or tag."""
    text = node.source.line(node.line)
    found = _TAG.search(text, node.column - 1)
    start = found.start() if found else node.column - 1
    one_line = node.end_line == node.line and isinstance(node, ScalarNode)
    written = text[start : node.end_column - 1] if one_line else text[start:]
    tag = found[0] if found else "!"
    span = Span(node.source, node.line, start + 1, node.line, start + 1 + len(tag))
    message = f"a bare `!` starts a tag in YAML, so {shown(tag)} is not part of the value in {shown(written)}"
    delete = "" if _COMPARISON.match(tag) else f"delete {shown(tag)}, or "
    return YAML_TAG.at(span, message, f"{delete}quote the whole value: {shown(quoted(written))}")


def tagged_text(node: ScalarNode, tag: str) -> str | None:
    """Return the text of a tagged plain scalar, or None if its tag is to be ignored."""
    if tag in _TEXT_TAGS:
        return node.text
    text = node.source.line(node.line)
    written = text[node.column - 1 : node.end_column - 1] if node.line == node.end_line else ""
    return written if _COMPARISON.match(written) else None
