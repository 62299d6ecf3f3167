"""Values of signals in words, short enough for a table."""

from __future__ import annotations

from victor_monitoring.signals.quantity import Unit

_SIZES = ("B", "KiB", "MiB", "GiB", "TiB")
_DAY, _HOUR, _MINUTE = 86_400, 3600, 60


def value_text(value: float, unit: Unit) -> str:
    """`41.2%`, `1.5 ms`, `420 MiB`, `12.4/s`, `83`."""
    match unit:
        case "ratio":
            return f"{value * 100:.1f}%"
        case "seconds":
            return _duration(value)
        case "bytes":
            return _size(value)
        case "bytes_per_second":
            return f"{_size(value)}/s"
        case "per_second":
            return f"{_number(value)}/s"
        case "count" | "score":
            return _number(value)


def _number(value: float) -> str:
    return f"{value:.0f}" if abs(value) >= 100 or value == int(value) else f"{value:.3g}"


def _duration(seconds: float) -> str:
    for size, name in ((_DAY, "d"), (_HOUR, "h"), (_MINUTE, "m")):
        if seconds >= 2 * size:
            return f"{seconds / size:.1f} {name}"
    return f"{_number(seconds)} s" if seconds >= 1 or seconds == 0 else f"{_number(seconds * 1000)} ms"


def _size(value: float) -> str:
    unit = 0
    while abs(value) >= 1024 and unit < len(_SIZES) - 1:
        value, unit = value / 1024, unit + 1
    return f"{_number(value)} {_SIZES[unit]}"
