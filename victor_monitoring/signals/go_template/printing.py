"""Values as Go prints them."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Final, TypeAlias

Value: TypeAlias = str | float | bool | Mapping[str, str] | None
"""Of the types of Go: a string, `float64`, `int`, `bool`, a map of labels or `nil`."""

# The power of ten from which on numbers are printed with an exponent, unless a precision is given.
_LARGE: Final = 6
_VERB: Final = re.compile(r"%(?:%|(?P<flags>[-+ 0]*)(?P<width>\d*)(?P<precision>\.\d*)?(?P<verb>[a-zA-Z]))")


class NotExpandedError(Exception):
    """A template that cannot be expanded here: Prometheus can do so, or fails, too."""


def printed(value: Value) -> str:
    """Return a value as `%v` prints it."""
    if isinstance(value, str):
        return value
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, float):
        return _shortest(value)
    if isinstance(value, int):
        return str(value)
    if value is None:
        return "<nil>"
    return "map[" + " ".join(f"{name}:{value[name]}" for name in sorted(value)) + "]"


def joined(values: Sequence[Value]) -> str:
    """Return values as `print` prints them: with a space between two of which none is text."""
    found = ""
    for index, value in enumerate(values):
        is_text = isinstance(value, str) or (index > 0 and isinstance(values[index - 1], str))
        found += ("" if index == 0 or is_text else " ") + printed(value)
    return found


def formatted(pattern: str, values: Sequence[Value]) -> str:
    """Return a text of `printf`. Raise NotExpandedError for a verb that is rare, or unfit for its value."""
    left = list(values)

    def one(found: re.Match[str]) -> str:
        if found[0] == "%%":
            return "%"
        if not left:
            raise NotExpandedError
        return _padded(_verb(found, left.pop(0)), found)

    text = _VERB.sub(one, pattern)
    if left or "%" in _VERB.sub("", pattern):
        raise NotExpandedError
    return text


def _verb(found: re.Match[str], value: Value) -> str:
    flags, precision, verb = found["flags"], found["precision"], found["verb"]
    sign = "+" if "+" in flags else " " if " " in flags else ""
    if verb == "s" and isinstance(value, str):
        return value if precision is None else value[: int(precision[1:] or 0)]
    if verb == "v" and precision is None and not sign:
        return printed(value)
    if verb == "d" and precision is None and isinstance(value, int) and not isinstance(value, bool):
        return f"{value:{sign}d}"
    if verb in ("f", "e", "g") and isinstance(value, float):
        if not math.isfinite(value):
            return _shortest(value) if not sign or value < 0 else f"+{_shortest(value).removeprefix('+')}"
        if verb == "g" and precision is None:
            return f"{sign if value >= 0 else ''}{_shortest(value)}"
        return f"{value:{sign}{precision or '.6'}{verb}}" if precision != "." else f"{value:{sign}.0{verb}}"
    if verb == "t" and isinstance(value, bool):
        return printed(value)
    raise NotExpandedError


def _padded(text: str, found: re.Match[str]) -> str:
    width = int(found["width"] or 0)
    if "-" in found["flags"]:
        return text.ljust(width)
    if "0" in found["flags"] and text.strip("+- ")[:1].isdigit() and found["verb"] != "s":
        return text.zfill(width)
    return text.rjust(width)


def _shortest(value: float) -> str:
    """Return a number with the fewest digits that make it, as `%v` does."""
    if not math.isfinite(value):
        return "NaN" if math.isnan(value) else "+Inf" if value > 0 else "-Inf"
    sign, digits, exponent = Decimal(repr(value)).normalize().as_tuple()
    assert isinstance(exponent, int)  # it is finite
    power = len(digits) + exponent - 1
    if value and not -4 <= power < _LARGE:
        text = "".join(map(str, digits))
        return f"{'-' * sign}{text[0]}{'.' * (len(text) > 1)}{text[1:]}e{power:+03}"
    return f"{Decimal(repr(value)).normalize():f}" if value else "-0" if sign else "0"
