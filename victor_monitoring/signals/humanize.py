"""Numbers as the functions of Prometheus' templates print them.

The formats follow `template/template.go` of Prometheus: four significant digits, prefixes by powers of 1000
or 1024.
"""

from __future__ import annotations

import datetime
import math
from typing import Final

_LARGE: Final = ("k", "M", "G", "T", "P", "E", "Z", "Y")
_SMALL: Final = ("m", "u", "n", "p", "f", "a", "z", "y")
_BINARY: Final = ("ki", "Mi", "Gi", "Ti", "Pi", "Ei", "Zi", "Yi")
_LAST_MOMENT: Final = 2.0**63 / 1e9  # seconds from 1970 to the year 2262, the last of Prometheus' template


def humanize(value: float) -> str:
    """Return the number with a metric prefix: `1.5k`, `20m`."""
    if value == 0 or not math.isfinite(value):
        return general(value)
    return _reduced(value, 1000, _LARGE) if abs(value) >= 1 else _enlarged(value)


def humanize1024(value: float) -> str:
    """Return the number with a binary prefix: `1.5Gi`."""
    if abs(value) <= 1 or not math.isfinite(value):
        return general(value)
    return _reduced(value, 1024, _BINARY)


def humanize_percentage(value: float) -> str:
    """Return the ratio as a percentage: `40.4%`."""
    return f"{general(value * 100)}%"


def humanize_duration(value: float) -> str:
    """Return the seconds in readable units: `1h 3m 2s`, `12ms`."""
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


def humanize_timestamp(value: float) -> str:
    """Return the seconds since 1970 as a date, to the millisecond: `2026-12-31 23:59:59.5 +0000 UTC`.

    Return a number for a value that is no date, for which Prometheus' template fails.
    """
    if not abs(value) < _LAST_MOMENT:
        return general(value)
    seconds, milliseconds = divmod(math.trunc(math.trunc(value * 1e9) / 10**6), 1000)
    fraction = f".{milliseconds:03}".rstrip("0") if milliseconds else ""
    date = datetime.datetime(1970, 1, 1, tzinfo=datetime.UTC) + datetime.timedelta(seconds=seconds)
    return f"{date:%Y-%m-%d %H:%M:%S}{fraction} +0000 UTC"


def general(value: float) -> str:
    """Return the number as Go's `%.4g` formats it."""
    return _infinite(value) or f"{value:.4g}"


def fixed(value: float) -> str:
    """Return the number as Go's `%.1f` formats it."""
    return _infinite(value) or f"{value:.1f}"


def _infinite(value: float) -> str:
    if math.isnan(value):
        return "NaN"
    return "" if math.isfinite(value) else "+Inf" if value > 0 else "-Inf"


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
