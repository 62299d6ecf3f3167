"""What a section shows, in the shortest words."""

from __future__ import annotations

from victor_monitoring.runtime.snapshot import Distribution, Point, Section


def values(section: Section, metric: str) -> dict[tuple[str, ...], float]:
    """The series of a counter or a gauge by the values of their labels; those that are 0 left out."""
    points = section.metrics.get(metric, ())
    found = {tuple(each.labels.values()): each.value for each in points if isinstance(each, Point)}
    return {labels: value for labels, value in found.items() if value}


def durations(section: Section, metric: str) -> dict[str, tuple[float, float]]:
    """Count and sum of a histogram with one label, by its value; those without observations left out."""
    found = (each for each in section.metrics.get(metric, ()) if isinstance(each, Distribution))
    return {"".join(each.labels.values()): (each.count, each.sum) for each in found if each.count}
