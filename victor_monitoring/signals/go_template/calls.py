"""The functions of templates that need nothing but their arguments."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Mapping
from typing import Final
from urllib.parse import quote_plus

from victor_monitoring.promql.regular_expressions import compiled, pattern_fault, replaced
from victor_monitoring.signals.go_template.printing import NotExpandedError, Value, formatted, joined, printed
from victor_monitoring.signals.humanize import (
    humanize,
    humanize1024,
    humanize_duration,
    humanize_percentage,
    humanize_timestamp,
)

_FLOAT: Final = re.compile(
    r"[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?|[+-]?(?i:inf|infinity)|(?i:nan)", re.ASCII
)
_WORDS: Final = re.compile(r"[a-zA-Z -]*")


def called(name: str, arguments: list[Value]) -> Value:
    """Return the result of a function. Raise NotExpandedError if it needs more, or fails."""
    function = _CALLS.get(name)
    if function is None:
        raise NotExpandedError
    try:
        return function(*arguments)
    except (TypeError, ValueError, re.error):  # too many or too few arguments, or such of another type
        raise NotExpandedError from None


def is_true(value: Value) -> bool:
    """Return whether a value counts as true: it is neither empty, nor 0, nor nil."""
    return bool(value)


def _number(value: Value) -> float:
    if isinstance(value, str) and _FLOAT.fullmatch(value):
        return float(value)
    if isinstance(value, int | float) and not isinstance(value, bool):
        return float(value)
    raise NotExpandedError


def _text(value: Value) -> str:
    if not isinstance(value, str):
        raise NotExpandedError
    return value


def _of_number(function: Callable[[float], str]) -> Callable[[Value], str]:
    return lambda value: function(_number(value))


def _of_text(function: Callable[[str], str]) -> Callable[[Value], str]:
    return lambda value: function(_text(value))


def _limited(function: Callable[[float], str], limit: float) -> Callable[[Value], str]:
    """Return a function of numbers below a limit, behind which Go's integers overflow."""

    def found(value: Value) -> str:
        number = _number(value)
        if math.isfinite(number) and abs(number) >= limit:
            raise NotExpandedError
        return function(number)

    return found


def _title(text: str) -> str:
    if not _WORDS.fullmatch(text):  # Prometheus' versions differ
        raise NotExpandedError
    return re.sub(r"[a-zA-Z]+", lambda found: found[0][0].upper() + found[0][1:], text)


def _less(one: Value, other: Value) -> bool:
    """Compare two values of one type that has an order; Go compares no others."""
    if isinstance(one, str) and isinstance(other, str):
        return one < other
    if isinstance(one, float) and isinstance(other, float):
        return one < other
    if type(one) is int and type(other) is int:  # a truth value is an instance of `int`, too
        return one < other
    raise NotExpandedError


def _less_or_equal(one: Value, other: Value) -> bool:
    return _less(one, other) or _same(one, other)


def _equal(first: Value, second: Value, *others: Value) -> bool:
    return any(_same(first, other) for other in (second, *others))


def _same(one: Value, other: Value) -> bool:
    if type(one) is not type(other) or not isinstance(one, str | int | float):
        raise NotExpandedError
    return one == other


def _indexed(value: Value, key: Value) -> str:
    if not isinstance(value, Mapping):
        raise NotExpandedError
    return value.get(_text(key), "")


def _length(value: Value) -> int:
    return len(value) if isinstance(value, Mapping) else len(_text(value).encode())


def _pattern(written: Value) -> re.Pattern[str]:
    if pattern_fault(_text(written)):
        raise NotExpandedError
    return compiled(_text(written))


def _matches(pattern: Value, text: Value) -> bool:
    return _pattern(pattern).search(_text(text)) is not None


def _replaced(pattern: Value, replacement: Value, text: Value) -> str:
    return replaced(_pattern(pattern), _text(replacement), _text(text))


def _escaped(*values: Value) -> str:
    return quote_plus(joined(values))


_CALLS: Final[Mapping[str, Callable[..., Value]]] = {
    "eq": _equal,
    "ge": lambda one, other: not _less(one, other),  # also of NaN
    "gt": lambda one, other: not _less_or_equal(one, other),
    "humanize": _of_number(humanize),
    "humanize1024": _of_number(humanize1024),
    "humanizeDuration": _limited(humanize_duration, 2.0**63),
    "humanizePercentage": _of_number(humanize_percentage),
    "humanizeTimestamp": _limited(humanize_timestamp, 2.0**63 / 1e9),
    "index": _indexed,
    "le": _less_or_equal,
    "len": _length,
    "lt": _less,
    "match": _matches,
    "ne": lambda one, other: not _same(one, other),
    "not": lambda value: not is_true(value),
    "print": lambda *values: joined(values),
    "printf": lambda pattern, *values: formatted(_text(pattern), values),
    "println": lambda *values: " ".join(map(printed, values)) + "\n",
    "reReplaceAll": _replaced,
    "safeHtml": _of_text(str),
    "title": _of_text(_title),
    "toLower": _of_text(str.lower),
    "toUpper": _of_text(str.upper),
    "urlQueryEscape": _of_text(quote_plus),
    "urlquery": _escaped,
}
