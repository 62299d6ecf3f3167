"""Durations in whole milliseconds, in Prometheus' notation."""

from __future__ import annotations

import functools
import re

_UNITS = (
    ("y", 365 * 86_400_000), ("w", 7 * 86_400_000), ("d", 86_400_000),
    ("h", 3_600_000), ("m", 60_000), ("s", 1_000), ("ms", 1),
)  # fmt: skip
_SHAPE = re.compile("".join(rf"(?:(?P<{unit}>\d{{1,15}}){unit})?" for unit, _ in _UNITS))


def parse_duration(text: str) -> int:
    """Return the milliseconds of `5m`, `1h30m` or `250ms`. Raise ValueError if `text` is no duration."""
    match = _SHAPE.fullmatch(text)
    if not text or match is None:
        raise ValueError(f"`{text}` is not a duration")
    return sum(int(match[unit] or 0) * size for unit, size in _UNITS)


@functools.lru_cache(1_000)  # a spec has few durations, each used in many rules
def duration_text(milliseconds: int) -> str:
    """Return the duration in the largest possible units: `5m`, `1m30s`, `250ms`, `0s`."""
    if milliseconds == 0:
        return "0s"
    parts, rest = [], milliseconds
    for unit, size in _UNITS:
        if unit in ("y", "w") and rest % size:
            continue  # like Prometheus: years and weeks only if they are exact
        count, rest = divmod(rest, size)
        if count:
            parts.append(f"{count}{unit}")
    return "".join(parts)
