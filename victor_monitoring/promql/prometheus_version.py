"""Versions of Prometheus and the differences between their computations."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cached_property
from typing import Final

_TEXT: Final = re.compile(r"v?(\d+)\.(\d+)(?:[.+-].*)?")


@dataclass(frozen=True, order=True)
class PrometheusVersion:
    """A version, by its major and minor number; patch releases compute the same values.

    The properties cover all differences between the supported versions, 2.42 and later, that affect rendered
    PromQL.
    """

    major: int
    minor: int

    @cached_property
    def left_open(self) -> bool:
        """Whether a window or a look-back excludes a sample exactly at its start: from 3.0 on."""
        return self >= _LEFT_OPEN

    @cached_property
    def zero_only_shortens(self) -> bool:
        """Whether a counter's distance to 0 can only shorten the extrapolation of its rate: from 2.52 on.

        Earlier versions also lengthen the extrapolation of a counter that begins within the window: from half
        an interval to the time at which it would have been 0, if that is less than 1.1 intervals away.
        """
        return self >= _ZERO_ONLY_SHORTENS

    @cached_property
    def is_before_3(self) -> bool:
        """Whether the version is 2.x. It was measured at 2.42 and is assumed for all versions below 3.0.

        There `atan2` keeps the name of a series, the deviation of a single infinity or NaN is 0, an infinity
        makes a regression NaN, pairs that a comparison drops may be ambiguous matches, labels are named by
        letters, digits and `_` alone, and `topk` of a negative infinity fails.
        """
        return self < _LEFT_OPEN

    def __str__(self) -> str:
        return f"{self.major}.{self.minor}"


OLDEST: Final = PrometheusVersion(2, 42)
NEWEST: Final = PrometheusVersion(3, 14)  # the newest version that the tests have run
_ZERO_ONLY_SHORTENS: Final = PrometheusVersion(2, 52)
_LEFT_OPEN: Final = PrometheusVersion(3, 0)
# The first version of each behaviour: every supported version computes the same values as one of these.
DISTINCT_VERSIONS: Final = (OLDEST, _ZERO_ONLY_SHORTENS, _LEFT_OPEN)
ASSUMED: Final = _LEFT_OPEN  # the default for a spec that names no version


def parse_version(text: str) -> PrometheusVersion:
    """Read the first two numbers of a version, as in `3.14`, `v3.14.0` or `2.42.0+ds`.

    Raise ValueError where the text has none.
    """
    match = _TEXT.fullmatch(text)
    if match is None:
        raise ValueError(f"`{text}` is no version")
    return PrometheusVersion(int(match[1]), int(match[2]))
