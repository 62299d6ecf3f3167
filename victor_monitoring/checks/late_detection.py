"""Alerts that may be sent later than `detect_within` allows."""

from __future__ import annotations

from collections.abc import Iterator

from victor_monitoring.checks.check import check
from victor_monitoring.language.resolved.detection import detection
from victor_monitoring.language.resolved.spec import Resolved
from victor_monitoring.language.syntax.finding import Finding
from victor_monitoring.promql.duration import duration_text


@check("VM305", "late-detection")
def late_detection(spec: Resolved) -> Iterator[Finding]:
    """More time than `detect_within` allows may pass before an alert is sent.

    In the worst case a scrape, the whole window, recording rules of other groups, an evaluation, `for` and
    Alertmanager's `group_wait` add up. `victor-mon explain NAME` shows the sum.

    Bad: `detect_within: 5m` with a window of 5m and `for: 5m`. Good: `detect_within: 15m`.
    """
    for alert in spec.alerts:
        found = detection(spec, alert)
        if alert.detect_within is not None and found.milliseconds > alert.detect_within:
            took, promised = duration_text(found.milliseconds), duration_text(alert.detect_within)
            message = f"`{alert.id}` may take {took} to be sent, longer than {promised}"
            yield Finding((*alert.path, "detect_within"), message, f"shorten what adds up: {found.words()}")
