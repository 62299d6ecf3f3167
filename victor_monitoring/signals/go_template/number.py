"""Numbers as Go reads them."""

from __future__ import annotations

import re
from typing import Final

from victor_monitoring.signals.go_template.lexer import GoTemplateError, Token

_DIGITS: Final = re.compile(
    r"[+-]?(?:0[xX](?P<hexadecimal>[\da-fA-F]+)|0[bB](?P<binary>[01]+)|0[oO]?(?P<octal>[0-7]+)|(?P<decimal>[1-9]\d*|0))",
    re.ASCII,
)
_BASES: Final = {"hexadecimal": 16, "binary": 2, "octal": 8, "decimal": 10}
_FLOAT: Final = re.compile(r"[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?", re.ASCII)
_HEXADECIMAL: Final = re.compile(
    r"[+-]?0[xX](?:[\da-fA-F]+\.?[\da-fA-F]*|\.[\da-fA-F]+)[pP][+-]?\d+", re.ASCII
)
_SEPARATED: Final = re.compile(r"(?<=[\da-fA-FxXoObB])_(?=[\da-fA-F])", re.ASCII)
_COMPLEX: Final = re.compile(r"([+-]?[^+-]*(?:[eEpP][+-]?[^+-]+)?)([+-].+)i")


def number(token: Token) -> complex:
    """Return the value of a number. Raise GoTemplateError if Go refuses it."""
    parts = _COMPLEX.fullmatch(token.text)
    if parts is not None:
        return complex(_real(parts[1], token), _real(parts[2], token))
    if token.text.endswith("i"):
        return complex(0, _float(token.text[:-1], token))
    return _real(token.text, token)


def _real(text: str, token: Token) -> float:
    """Return the integer, if the text is one in 64 bits, else the floating-point number."""
    digits = _SEPARATED.sub("", text)
    found = _DIGITS.fullmatch(digits)
    if found is None:
        return _float(text, token)
    value = int(str(found[found.lastgroup or ""]), _BASES[found.lastgroup or ""])
    value = -value if text[0] == "-" else value
    if not -(2**63) <= value < (2**63 if text[0] in "+-" else 2**64):
        raise GoTemplateError(f"{token} is out of range", token.span, "a float has a point: `1e30`, `1.0`")
    return value


def _float(text: str, token: Token) -> float:
    digits = _SEPARATED.sub("", text)
    try:
        value = float.fromhex(digits) if _HEXADECIMAL.fullmatch(digits) else _decimal(digits)
    except (OverflowError, ValueError):
        value = float("inf")
    if value in (float("inf"), float("-inf")):
        message = "`-` and `+` are signs of numbers" if text in ("+", "-") else f"{token} is no number"
        hint = "templates do not compute: let the expression of the signal do it"
        raise GoTemplateError(message, token.span, hint if text in ("+", "-") else "write a number: `0.5`")
    return value


def _decimal(digits: str) -> float:
    if not _FLOAT.fullmatch(digits) or (digits.strip("+-").isdigit() and len(digits.strip("+-")) > 1):
        raise ValueError(digits)  # digits alone would be an integer
    return float(digits)
