"""Compact forms of the series of a section."""

from __future__ import annotations

from victor_monitoring.runtime.snapshot import Distribution, Point, Section


def values(section: Section, metric: str) -> dict[tuple[str, ...], float]:
    """Return the series of a counter or a gauge by label values, without those at 0."""
    points = section.metrics.get(metric, ())
    found = {tuple(each.labels.values()): each.value for each in points if isinstance(each, Point)}
    return {labels: value for labels, value in found.items() if value}


def durations(section: Section, metric: str) -> dict[str, tuple[float, float]]:
    """Return count and sum of a histogram by the value of its label, without empty ones."""
    found = (each for each in section.metrics.get(metric, ()) if isinstance(each, Distribution))
    return {"".join(each.labels.values()): (each.count, each.sum) for each in found if each.count}
