"""Windows that a single failed scrape can leave without a rate."""

from __future__ import annotations

from collections.abc import Iterator

from victor_monitoring.checks.check import check
from victor_monitoring.checks.reviewed import remarks
from victor_monitoring.language.resolved.spec import Resolved
from victor_monitoring.language.syntax.finding import Finding
from victor_monitoring.promql.duration import duration_text
from victor_monitoring.promql.review.counters import FEWEST
from victor_monitoring.signals.kinds.expr import RawExpression
from victor_monitoring.signals.signal import Signal


@check("VM205", "short-window")
def short_window(spec: Resolved) -> Iterator[Finding]:
    """Fewer than 4 scrape intervals fit into a signal's window.

    `rate` needs two samples. In a short window one failed scrape leaves too few, and the signal has no value.
    In raw PromQL only the windows of functions that need two samples matter.

    Bad: `window: 30s` with `scrape_every: 15s`. Good: `window: 1m`.
    """
    for signal in spec.signals.values():
        if _is_windowed(signal) and signal.window < FEWEST * signal.scrape:
            window, scrape = duration_text(signal.window), duration_text(signal.scrape)
            message = f"the window of {window} holds fewer than {FEWEST} scrapes, one every {scrape}"
            hint = f"make it at least {duration_text(FEWEST * signal.scrape)}"
            yield Finding(("signals", signal.name, "window"), message, hint)
    yield from remarks(spec, "short-window")


def _is_windowed(signal: Signal) -> bool:
    return signal.kind.is_windowed() and not isinstance(signal.kind, RawExpression)
