"""The tool selection cache, read into the metrics of the cache and of tool selections."""

from __future__ import annotations

from typing import Final, Protocol, get_args

from victor_monitoring.runtime.reads import ComponentReport
from victor_monitoring.runtime.totals import Tally, Totals
from victor_monitoring.victor.registry import Cache, Metrics, Operation

# The gauges that only the cache sets.
GAUGES: Final = ("cache_entries", "cache_max_entries", "cache_memory_bytes")
_OPERATIONS: Final[dict[Operation, str]] = {"hit": "hits", "miss": "misses", "eviction": "evictions"}


class ToolSelectionCache(Protocol):
    """What the collector asks of a tool selection cache."""

    def get_stats(self) -> object:
        """A mapping with `max_size` and `namespaces`, by name: hits, misses, evictions, total_entries, ..."""


class CacheReader:
    """Puts what one cache says into metrics; its lookups are `selections`, which calls may tell of, too."""

    def __init__(
        self, cache: ToolSelectionCache, metrics: Metrics, totals: Totals, selections: Tally
    ) -> None:
        self._cache = cache
        self._metrics, self._totals, self._selections = metrics, totals, selections

    def ask(self) -> object:
        """What the cache says now."""
        return self._cache.get_stats()

    def use(self, answer: object) -> None:
        """Takes the answer of `get_stats`. Raises Nonsense where a part of it cannot be true."""
        stats = ComponentReport(answer, "get_stats()")
        size = stats.amount("max_size")
        namespaces = stats.part("namespaces")
        for name in get_args(Cache):
            if name in namespaces:
                self._counts(name, namespaces.part(name))
                self._sizes(name, namespaces.part(name), size)
        if (memory := stats.amount("memory_bytes")) is not None:
            self._metrics.cache.cache_memory_bytes.set(memory)
        stats.judge()

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
        """Entries held and entries that fit; of a cache that tells one of them only, by its utilization."""
        entries, used = stats.amount("total_entries"), stats.amount("utilization")
        if entries is None and used is not None and size is not None:
            entries = round(used * size)
        elif size is None and used and entries is not None:
            size = entries / used
        if entries is not None:
            self._metrics.cache.cache_entries(name).set(entries)
        if size is not None:
            self._metrics.cache.cache_max_entries(name).set(size)
