"""Durations of the alerting chain in a context's time scale."""

from __future__ import annotations

import math

from victor_monitoring.language.model.patterns import UNEVEN_SCALE
from victor_monitoring.language.syntax.finding import Finding
from victor_monitoring.promql.duration import duration_text


class TimeScale:
    """Divides durations; `findings` collects those that do not stay whole milliseconds."""

    def __init__(self, context: str | None, factor: int) -> None:
        self.context, self.factor = context, factor
        self.findings: list[Finding] = []
        self._common = 0  # the greatest divisor of all durations so far

    def __call__(self, milliseconds: int) -> int:
        """The duration in this context; at least 1 ms, so that a mistake leaves a usable value."""
        self._common = math.gcd(self._common, milliseconds)
        scaled, rest = divmod(milliseconds, self.factor)
        if rest and self.context is not None:
            self.findings.append(
                Finding(
                    ("contexts", self.context, "time_scale"),
                    f"{duration_text(milliseconds)} by {self.factor} is no whole number of milliseconds",
                    "choose a time scale that divides every duration of the alerts, such as 10 or 50",
                    pattern=UNEVEN_SCALE,
                )
            )
        return max(scaled, 1) if milliseconds else 0

    def largest(self, limit: int) -> int:
        """The largest factor up to `limit` by which every duration so far stays whole milliseconds."""
        return max(factor for factor in range(1, limit + 1) if self._common % factor == 0)
