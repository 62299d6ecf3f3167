"""Numbers as the template functions of Prometheus write them for people.

After `template/template.go` of Prometheus: four significant digits, prefixes by powers of 1000 or 1024.
"""

from __future__ import annotations

import math
from typing import Final

_LARGE: Final = ("k", "M", "G", "T", "P", "E", "Z", "Y")
_SMALL: Final = ("m", "u", "n", "p", "f", "a", "z", "y")
_BINARY: Final = ("ki", "Mi", "Gi", "Ti", "Pi", "Ei", "Zi", "Yi")


def humanize(value: float) -> str:
    """The number with a metric prefix: `1.5k`, `20m`."""
    if value == 0 or not math.isfinite(value):
        return general(value)
    return _reduced(value, 1000, _LARGE) if abs(value) >= 1 else _enlarged(value)


def humanize1024(value: float) -> str:
    """The number with a binary prefix: `1.5Gi`."""
    if abs(value) <= 1 or not math.isfinite(value):
        return general(value)
    return _reduced(value, 1024, _BINARY)


def humanize_percentage(value: float) -> str:
    """The ratio as a percentage: `40.4%`."""
    return f"{general(value * 100)}%"


def humanize_duration(value: float) -> str:
    """The seconds in the units that people use: `1h 3m 2s`, `12ms`."""
    if not math.isfinite(value):
        return general(value)
    if value == 0 or abs(value) < 1:
        return f"{_enlarged(value) if value else general(value)}s"
    sign, whole = ("-" if value < 0 else ""), int(abs(value))
    days, hours, minutes, seconds = whole // 86400, whole // 3600 % 24, whole // 60 % 60, whole % 60
    if days:
        return f"{sign}{days}d {hours}h {minutes}m {seconds}s"
    if hours:
        return f"{sign}{hours}h {minutes}m {seconds}s"
    if minutes:
        return f"{sign}{minutes}m {seconds}s"
    return f"{sign}{general(abs(value))}s"


def general(value: float) -> str:
    """The number as Go's `%.4g` writes it."""
    if math.isnan(value):
        return "NaN"
    if math.isinf(value):
        return "+Inf" if value > 0 else "-Inf"
    return f"{value:.4g}"


def _reduced(value: float, base: int, prefixes: tuple[str, ...]) -> str:
    prefix = ""
    for each in prefixes:
        if abs(value) < base:
            break
        prefix, value = each, value / base
    return general(value) + prefix


def _enlarged(value: float) -> str:
    prefix = ""
    for each in _SMALL:
        if abs(value) >= 1:
            break
        prefix, value = each, value * 1000
    return general(value) + prefix
