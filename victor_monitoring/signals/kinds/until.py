"""The time until a moment, such as the expiry of a certificate."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, Literal

from victor_monitoring.promql.tree import Binary, Call, Expr
from victor_monitoring.signals.kinds.age import Age
from victor_monitoring.signals.metric import Selector


@dataclass(frozen=True, slots=True)
class Until(Age):
    """The seconds until the moment that the gauge `of` holds, aggregated with `agg`: `min` is the next one.

    Without `agg` the signal is open, as a `value` is. It is negative once the moment has passed.

    Example: `{of: shop_certificate_expiry_timestamp_seconds, agg: min}`
    """

    NAME: ClassVar[str] = "until"
    SIGN: ClassVar[int] = 1
    DIRECTION: ClassVar[str] = "until"

    of: Selector
    """The gauge, in the unit `timestamp` or `timestamp_milliseconds`. Example:
    `shop_certificate_expiry_timestamp_seconds`"""
    agg: Literal["max", "min", "avg"] | None = None
    """How the times of several series become one. Default: they stay apart. Example: `min`"""
    zero: Literal["drop"] | None = None
    """What a series at 0 means: `drop` leaves it out, as one of something that is not planned yet. Default:
    the moment 0, in 1970. Example: `drop`"""

    def seconds(self, moment: Expr) -> Expr:
        return Binary("-", moment, Call("time", ()))
