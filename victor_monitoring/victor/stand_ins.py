"""Simulated components of Victor, with the same interfaces as the real ones."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping
from threading import Lock
from typing import Final, get_args

from victor_monitoring.runtime.system import Usage
from victor_monitoring.victor.providers import ProviderStats
from victor_monitoring.victor.registry import Cache, Method, ProviderPoolOutcome

_ROOM: Final = 500  # entries in each namespace
_ENTRY: Final = 6 * 2**10  # bytes
_SAVED: Final = 2.5  # milliseconds that a hit saves
_OUTCOMES: Final[Mapping[ProviderPoolOutcome, str]] = {
    "success": "successes",
    "error": "errors",
    "timeout": "timeouts",
    "rate_limited": "rate_limited",
}


class CacheStandIn:
    """A tool selection cache whose counts and utilization are set by the caller."""

    def __init__(self) -> None:
        self._counts: Counter[tuple[str, str]] = Counter()
        self.utilization: dict[str, float] = dict.fromkeys(get_args(Cache), 0.0)

    def count(self, namespace: Cache, what: str, times: int = 1) -> None:
        """Count `hits`, `misses` or `evictions`."""
        self._counts[namespace, what] += times

    def get_stats(self) -> dict[str, object]:
        """Return statistics in the shape of the real cache's."""
        namespaces = {name: self._namespace(name) for name in self.utilization}
        entries = sum(round(share * _ROOM) for share in self.utilization.values())
        combined = self._totals(list(self.utilization))
        return {
            "enabled": True,
            "max_size": _ROOM,
            "memory_bytes": entries * _ENTRY,
            "namespaces": namespaces,
            "combined": {**combined, "total_entries": entries},
        }

    def _namespace(self, name: str) -> dict[str, object]:
        return {
            "ttl": 3600,
            **self._totals([name]),
            "total_entries": round(self.utilization[name] * _ROOM),
            "utilization": self.utilization[name],
        }

    def _totals(self, names: list[str]) -> dict[str, object]:
        hits, misses, evictions = (
            sum(self._counts[name, what] for name in names) for what in ("hits", "misses", "evictions")
        )
        return {
            "hits": hits,
            "misses": misses,
            "evictions": evictions,
            "hit_rate": hits / (hits + misses) if hits + misses else 0.0,
            "total_latency_saved_ms": hits * _SAVED,
            "avg_latency_per_hit_ms": _SAVED,
        }


class PoolStandIn:
    """A provider pool with settable health that counts the requests to each provider."""

    def __init__(self, providers: tuple[str, ...]) -> None:
        self._requests: dict[str, Counter[str]] = {name: Counter() for name in providers}
        self.unhealthy: frozenset[str] = frozenset()

    def count(self, provider: str, outcome: ProviderPoolOutcome) -> None:
        """Count one request."""
        self._requests[provider][_OUTCOMES[outcome]] += 1

    def get_provider_stats(self) -> Mapping[str, ProviderStats]:
        """Return statistics in the shape of a pool's."""
        return {
            name: {
                "healthy": name not in self.unhealthy,
                "successes": requests["successes"],
                "errors": requests["errors"],
                "timeouts": requests["timeouts"],
                "rate_limited": requests["rate_limited"],
            }
            for name, requests in self._requests.items()
        }


class AgentStandIn:
    """An agent's metrics collector; the performance collector observes its recorded executions."""

    def __init__(self) -> None:
        self._selections: Counter[Method] = Counter()
        self._executed: Counter[tuple[str, bool]] = Counter()

    def count_selection(self, method: Method) -> None:
        """Count one selection by the method that found the tools."""
        self._selections[method] += 1

    def record_tool_execution(self, tool_name: str, success: bool, elapsed_ms: float) -> None:
        """Record one call."""
        del elapsed_ms  # the totals have no durations
        self._executed[tool_name, success] += 1

    def get_tool_usage_stats(self) -> dict[str, object]:
        """Return totals in the shape of the real collector's."""
        tools = {
            tool: {
                "total_calls": self._executed[tool, True] + self._executed[tool, False],
                "successful_calls": self._executed[tool, True],
                "failed_calls": self._executed[tool, False],
            }
            for tool in sorted({tool for tool, _ in self._executed})
        }
        return {
            "selection_stats": {
                "semantic_selections": self._selections["semantic"],
                "keyword_selections": self._selections["keyword"],
                "fallback_selections": self._selections["fallback"],
            },
            "tool_stats": tools,
        }


class ProbeStandIn:
    """A process with settable memory, threads and CPU usage."""

    CORES: Final = 4.0

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._lock = Lock()
        self._started = self._last = clock()
        self._cpu_seconds = self._memory = self._threads = self._busy = 0.0

    def settle(self, *, memory: float, threads: float, busy: float) -> None:
        """Set the usage from now on; `busy` is the used share of the cores."""
        self._pass_time()
        self._memory, self._threads, self._busy = memory, threads, busy

    def usage(self) -> Usage:
        """Return the current usage."""
        self._pass_time()
        return Usage(
            memory=round(self._memory),
            cpu_seconds=self._cpu_seconds,
            cores=self.CORES,
            threads=round(self._threads),
            uptime=self._last - self._started,
        )

    def _pass_time(self) -> None:
        with self._lock:  # scrapes and the load are different threads
            now = self._clock()
            self._cpu_seconds += (now - self._last) * self.CORES * self._busy
            self._last = now
