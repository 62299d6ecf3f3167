"""The exposition of a registry, as text for Prometheus."""

from __future__ import annotations

import copy
from collections.abc import Collection, Iterable
from typing import Final

from prometheus_client import CollectorRegistry, Metric, generate_latest
from prometheus_client.multiprocess import MultiProcessCollector
from prometheus_client.openmetrics import exposition as openmetrics_exposition
from prometheus_client.registry import Collector

from victor_monitoring.runtime.multiprocess import multiprocess_folder, remove_ended

TEXT: Final = "text/plain; version=0.0.4; charset=utf-8"
OPENMETRICS: Final = openmetrics_exposition.CONTENT_TYPE_LATEST


class VisibleFamilies(Collector):
    """The families of a registry except those with the hidden names."""

    def __init__(self, registry: Collector, hidden: Collection[str]) -> None:
        self._registry, self._hidden = registry, hidden

    def collect(self) -> Iterable[Metric]:
        """Return the visible families, each once."""
        return (family for family in self._registry.collect() if family.name not in self._hidden)


class _WithoutCreated(Collector):
    """The families of a registry without the start times that the client adds to counters and histograms.

    OpenMetrics has a place for them. In the text format each is a series of a gauge that no spec declares.
    """

    def __init__(self, registry: Collector) -> None:
        self._registry = registry

    def collect(self) -> Iterable[Metric]:
        """Yield each family; one that has start times is copied, since its collector may keep it."""
        for family in self._registry.collect():
            created = f"{family.name}_created"
            samples = [each for each in family.samples if each.name != created]
            if len(samples) < len(family.samples):
                family = copy.copy(family)  # noqa: PLW2901 - the same family, with fewer samples
                family.samples = samples
            yield family


def exposition(registry: Collector, *, openmetrics: bool = False) -> bytes:
    """Return the text of this registry; in the client's multiprocess mode, of all worker processes."""
    source = _all_processes() or registry
    if openmetrics:
        return bytes(openmetrics_exposition.generate_latest(source))  # type: ignore[no-untyped-call] # the client's
    return text(source)


def text(source: Collector) -> bytes:
    """Return the families in the text format, version 0.0.4, without `_created` series."""
    return generate_latest(_WithoutCreated(source))


def _all_processes() -> Collector | None:
    folder = multiprocess_folder()
    if folder is None:
        return None
    remove_ended(folder)
    registry = CollectorRegistry()
    MultiProcessCollector(registry, str(folder))  # type: ignore[no-untyped-call] # the client's
    return registry
