"""Durations of the alerting chain in a context's time scale."""

from __future__ import annotations

import math

from victor_monitoring.language.model.patterns import UNEVEN_SCALE
from victor_monitoring.language.syntax.finding import Finding
from victor_monitoring.promql.duration import duration_text


class TimeScale:
    """Divides durations; `findings` collects those that do not become whole milliseconds."""

    def __init__(self, context: str | None, factor: int) -> None:
        self.context, self.factor = context, factor
        self.findings: list[Finding] = []
        self._common = 0  # the greatest common divisor of all durations so far

    def __call__(self, milliseconds: int) -> int:
        """Return the duration in this context; at least 1 ms unless 0, to be usable after a finding."""
        self._common = math.gcd(self._common, milliseconds)
        scaled, rest = divmod(milliseconds, self.factor)
        if rest and self.context is not None:
            quotient = f"{duration_text(milliseconds)} divided by {self.factor}"
            self.findings.append(
                Finding(
                    ("contexts", self.context, "time_scale"),
                    f"{quotient} is not a whole number of milliseconds",
                    "choose a time scale that divides every duration of the alerts, such as 10 or 50",
                    pattern=UNEVEN_SCALE,
                )
            )
        return max(scaled, 1) if milliseconds else 0

    def largest(self, limit: int) -> int:
        """Return the largest factor up to `limit` that divides every duration so far."""
        return max(factor for factor in range(1, limit + 1) if self._common % factor == 0)
