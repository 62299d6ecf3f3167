"""Series that are gone between two samples."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from victor_monitoring.checks.check import check
from victor_monitoring.language.resolved.detection import alert_group, recording_group
from victor_monitoring.language.resolved.spec import Resolved
from victor_monitoring.language.syntax.finding import Finding
from victor_monitoring.promql.duration import duration_text
from victor_monitoring.signals.signal import Signal

_LOOKBACK: Final = 5 * 60_000  # milliseconds: that of Prometheus unless a flag changes it


@check("VM308", "beyond-lookback")
def beyond_lookback(spec: Resolved) -> Iterator[Finding]:
    """Prometheus looks back 5 minutes, and a series gets its next sample only later.

    In between the series is gone: `up` with scrapes that are too rare, so that no alert sees a target that is
    down, and recorded series with evaluations that are too rare, for panels and for alerts of other groups.

    Bad: `scrape_every: 10m`. Good: `scrape_every: 1m`, which Prometheus stores in little more space.
    """
    if spec.scrape >= _LOOKBACK:
        message = f"with a scrape every {duration_text(spec.scrape)}, `up` is gone before the next one"
        yield Finding(("defaults", "scrape_every"), message, "scrape every 2m or more often")
    seen: set[str] = set()
    for group, signal, reader in _readers(spec):
        if spec.group(group).evaluate >= _LOOKBACK and group not in seen:
            seen.add(group)
            own = ("groups", group, "evaluate_every")
            path = own if group in spec.groups else ("defaults", "evaluate_every")
            often = duration_text(spec.group(group).evaluate)
            message = f"recorded every {often}, `{signal.name}` is gone in between for {reader}"
            yield Finding(path, message, "evaluate every 2m or more often")


def _readers(spec: Resolved) -> Iterator[tuple[str, Signal, str]]:
    """Yield recorded signals with their groups, and what reads them at other times than these record."""
    for alert in spec.alerts:
        for signal in (part for each in alert.signals for part in each.with_parts() if part.recorded):
            group = spec.recorded_in.get(signal.name, spec.recording_group)
            if recording_group(spec, signal) != alert_group(spec, alert):
                yield group, signal, f"the alert `{alert.id}`"
    for panel in spec.panels:
        for signal in panel.signals:
            if signal.recorded:
                group = spec.recorded_in.get(signal.name, spec.recording_group)
                yield group, signal, f"the panel `{panel.title}`"
