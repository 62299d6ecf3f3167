"""The reader of the tool selection cache, for the metrics of the cache and of tool selections."""

from __future__ import annotations

from typing import Final, Protocol, get_args

from victor_monitoring.runtime.reads import ComponentReport
from victor_monitoring.runtime.totals import Tally, Totals
from victor_monitoring.victor.registry import Cache, Metrics, Operation

# The gauges that only the cache sets.
GAUGES: Final = ("cache_entries", "cache_max_entries", "cache_memory_bytes")
_OPERATIONS: Final[dict[Operation, str]] = {"hit": "hits", "miss": "misses", "eviction": "evictions"}


class ToolSelectionCache(Protocol):
    """The interface of a tool selection cache that the collector needs."""

    def get_stats(self) -> object:
        """Return a mapping with `max_size` and `namespaces`, by name: hits, misses, total_entries, ..."""


class CacheReader:
    """Sets the metrics of a cache; its lookups may also be recorded by calls and are counted once."""

    def __init__(
        self, cache: ToolSelectionCache, metrics: Metrics, totals: Totals, selections: Tally
    ) -> None:
        self._cache = cache
        self._metrics, self._totals, self._selections = metrics, totals, selections

    def ask(self) -> object:
        """Return the current statistics of the cache."""
        return self._cache.get_stats()

    def use(self, answer: object) -> None:
        """Set the metrics from `get_stats`. Raise InvalidReading if any value is impossible."""
        stats = ComponentReport(answer, "get_stats()")
        size = stats.amount("max_size")
        namespaces = stats.part("namespaces")
        for name in get_args(Cache):
            if name in namespaces:
                self._counts(name, namespaces.part(name))
                self._sizes(name, namespaces.part(name), size)
        if (memory := stats.amount("memory_bytes")) is not None:
            self._metrics.cache.cache_memory_bytes.set(memory)
        stats.raise_if_invalid()

    def _counts(self, name: Cache, stats: ComponentReport) -> None:
        for operation, key in _OPERATIONS.items():
            if (total := stats.amount(key)) is None:
                continue
            gained = self._totals.increment((name, key), total)
            self._metrics.cache.cache_operations_total(name, operation).inc(gained)
            if operation != "eviction":
                gained = self._selections.gain((name, operation), gained)
                self._metrics.tool_selection.tool_selections_total(name, operation).inc(gained)
        if (saved := stats.amount("total_latency_saved_ms")) is not None:
            gained = self._totals.increment((name, "saved"), saved)
            self._metrics.cache.cache_saved_seconds_total(name).inc(gained / 1000)

    def _sizes(self, name: Cache, stats: ComponentReport, size: float | None) -> None:
        """Set the number of entries and the capacity; compute a missing one of them from the utilization."""
        entries, used = stats.amount("total_entries"), stats.amount("utilization")
        if entries is None and used is not None and size is not None:
            entries = round(used * size)
        elif size is None and used and entries is not None:
            size = entries / used
        if entries is not None:
            self._metrics.cache.cache_entries(name).set(entries)
        if size is not None:
            self._metrics.cache.cache_max_entries(name).set(size)
