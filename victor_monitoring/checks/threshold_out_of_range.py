"""Thresholds that a signal never or always passes."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from victor_monitoring.checks.check import check
from victor_monitoring.language.resolved.spec import Resolved
from victor_monitoring.language.syntax.finding import Finding
from victor_monitoring.promql.inference.intervals import Interval
from victor_monitoring.signals.quantity import Condition
from victor_monitoring.signals.units import Unit

NEVER: Final = "is never true"
ALWAYS: Final = "is always true"


@check("VM301", "threshold-out-of-range")
def threshold_out_of_range(spec: Resolved) -> Iterator[Finding]:
    """Every possible value of a signal is on one side of a threshold: the alert never fires, or always does.

    A raw expression that is a condition itself may always pass: `count(shop_up < 1)` has no value without
    such series, so that `> 0` of it means any.

    Bad: `when: "> 100%"` of a share; a quantile above the histogram's highest bucket. Good: a threshold
    with possible values on both sides.
    """
    for alert in spec.alerts:
        for path, signal, condition in alert.conditions:
            if condition.is_comparison and condition.fits(signal.unit):
                interval = signal.range
                verdict = _verdict(condition, interval)
                if verdict and not (verdict == ALWAYS and signal.kind.is_condition()):
                    possible, inside = _texts(interval, signal.unit)
                    message = f"`{condition.text}` {verdict}: `{signal.name}` is {possible}"
                    yield Finding(path, message, f"choose a threshold {inside}")


def _verdict(condition: Condition, interval: Interval) -> str:
    """Return NEVER or ALWAYS if that is so for the whole interval; otherwise empty."""
    if condition.order is None:
        value = condition.threshold.value
        is_below = interval.low is not None and value < interval.low
        is_outside = is_below or (interval.high is not None and value > interval.high)
        return "" if not is_outside else NEVER if condition.op == "==" else ALWAYS
    ends = (interval.low, interval.high)
    best, worst = ends if condition.high_is_bad else ends[::-1]
    if worst is not None and not condition.holds(worst):
        return NEVER
    if best is not None and condition.holds(best):
        return ALWAYS
    return ""


def _texts(interval: Interval, unit: Unit) -> tuple[str, str]:
    """Return in words the values of an interval, and the thresholds inside of it."""
    low, high = (None if end is None else unit.quantity(end) for end in (interval.low, interval.high))
    if low is not None and high is not None:
        return f"between {low} and {high}", f"between {low} and {high}"
    return (f"at least {low}", f"above {low}") if low is not None else (f"at most {high}", f"below {high}")
