"""Equality with values that are computed in floating point."""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction

from victor_monitoring.checks.check import check
from victor_monitoring.language.resolved.spec import Resolved
from victor_monitoring.language.syntax.finding import Finding
from victor_monitoring.signals.signal import Signal


@check("VM307", "inexact-equality")
def inexact_equality(spec: Resolved) -> Iterator[Finding]:
    """Equality with a threshold is asked of computed values.

    Rates, quantiles and increases are fractions, and rounded: they rarely equal a number exactly. They do at
    the end of their range, such as 0 of a rate, and the values of gauges and counts do anywhere. An average
    equals a whole number where all its values do.

    Bad: `when: "== 5/s"` of a rate. Good: `when: "< 5/s"`, or `when: "== 0/s"`.
    """
    for alert in spec.alerts:
        for path, signal, condition in alert.conditions:
            if condition.op in ("==", "!=") and not _can_equal(signal, condition.threshold.value):
                read = f"`{signal.name}` is read as `{signal.kind.NAME}`"
                message = f"`{condition.text}` compares a computed value: {read}"
                yield Finding(path, message, "write `<`, `<=`, `>` or `>=`")


def _can_equal(signal: Signal, threshold: Fraction) -> bool:
    is_end = threshold in (signal.range.low, signal.range.high)
    return is_end or signal.kind.can_equal(threshold)
