"""PromQL that reads counters and gauges, as all kinds do."""

from __future__ import annotations

from victor_monitoring.promql.tree import Aggregate, Call, Expr
from victor_monitoring.signals.metric import Selector
from victor_monitoring.signals.signal import Signal


def rate(signal: Signal, selector: Selector, suffix: str = "") -> Expr:
    """Return the expression of each series' per-second rate over the signal's window."""
    return Call("rate", (selector.vector(signal.select, signal.window, suffix),))


def latest(signal: Signal, selector: Selector) -> Expr:
    """Return the expression of each series' last value within the signal's look-back; a gauge's series.

    Without a look-back the series is read as it is.
    """
    if not signal.has_lookback:
        return selector.vector(signal.select)
    return Call("last_over_time", (selector.vector(signal.select, signal.lookback),))


def fold(signal: Signal, op: str | None, expr: Expr) -> Expr:
    """Return the series aggregated by the labels of the signal, or as they are if `op` is None."""
    return expr if op is None else Aggregate(op, expr, signal.labels or None)
