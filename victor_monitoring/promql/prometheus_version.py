"""Versions of Prometheus, and what they compute differently."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

_TEXT: Final = re.compile(r"v?(\d+)\.(\d+)(?:[.+-].*)?")


@dataclass(frozen=True, slots=True, order=True)
class PrometheusVersion:
    """A version by its first two numbers; a later patch changes no value.

    Its properties are all that differs between the supported versions, from 2.42 on, in the PromQL that is
    rendered.
    """

    major: int
    minor: int

    @property
    def left_open(self) -> bool:
        """Whether a window or a look-back leaves out a sample exactly at its start: from 3.0 on."""
        return self >= _LEFT_OPEN

    @property
    def zero_only_shortens(self) -> bool:
        """Whether a counter's reach to 0 can only shorten the extrapolation of its rate: from 2.52 on.

        Before, it lengthens that of a counter which begins within the window, from half an interval up to the
        moment at which it would have been 0, if that is less than 1.1 intervals away.
        """
        return self >= _ZERO_ONLY_SHORTENS

    def __str__(self) -> str:
        return f"{self.major}.{self.minor}"


OLDEST: Final = PrometheusVersion(2, 42)
_ZERO_ONLY_SHORTENS: Final = PrometheusVersion(2, 52)
_LEFT_OPEN: Final = PrometheusVersion(3, 0)
# The first version of each way of computing: every supported version computes as one of these does.
WAYS: Final = (OLDEST, _ZERO_ONLY_SHORTENS, _LEFT_OPEN)
ASSUMED: Final = _LEFT_OPEN  # where a spec does not say what runs


def parse_version(text: str) -> PrometheusVersion:
    """Read the first two numbers of a version, as in `3.14`, `v3.14.0` or `2.42.0+ds`.

    Raise ValueError where the text has none.
    """
    match = _TEXT.fullmatch(text)
    if match is None:
        raise ValueError(f"`{text}` is no version")
    return PrometheusVersion(int(match[1]), int(match[2]))
