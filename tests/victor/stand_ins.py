"""Fake components with the interfaces of Victor's: complete, partial and hostile."""

from __future__ import annotations

import math
import threading
from collections.abc import Callable, Mapping
from copy import copy
from functools import partial
from typing import Any

from tests.runtime.patience import LONG


class Cache:
    """A tool selection cache that reports given lookups in the shape of Victor's."""

    def __init__(self, size: int = 1000) -> None:
        self.size = size
        self.lookups = {name: {"hits": 0, "misses": 0, "evictions": 0, "total_entries": 0} for name in NAMES}

    def reset(self) -> None:
        """Reset all counts, as in a cleared cache."""
        self.__init__(self.size)  # type: ignore[misc] # a new cache replaces the old one

    def get_stats(self) -> dict[str, Any]:
        return {
            "enabled": True,
            "max_size": self.size,
            "namespaces": {name: self._namespace(**counts) for name, counts in self.lookups.items()},
            "combined": {"hits": sum(each["hits"] for each in self.lookups.values()), "hit_rate": 0.5},
        }

    def _namespace(self, hits: int, misses: int, evictions: int, total_entries: int) -> dict[str, Any]:
        return {
            "ttl": 3600,
            "hits": hits,
            "misses": misses,
            "evictions": evictions,
            "hit_rate": hits / (hits + misses) if hits + misses else 0.0,
            "total_entries": total_entries,
            "utilization": total_entries / self.size,
            "total_latency_saved_ms": hits * 2.5,
            "avg_latency_per_hit_ms": 2.5,
        }


NAMES = ("query", "context", "rl")


class Agent:
    """An agent's metrics collector, like Victor's: it keeps totals of recorded executions."""

    def __init__(self) -> None:
        self.selections = {"semantic_selections": 0, "keyword_selections": 0, "fallback_selections": 0}
        self.tools: dict[str, dict[str, Any]] = {}

    def record_tool_execution(self, tool_name: str, success: bool, elapsed_ms: float) -> str:
        tool = self.tools.setdefault(
            tool_name, {"total_calls": 0, "successful_calls": 0, "failed_calls": 0, "total_time_ms": 0.0}
        )
        tool["total_calls"] += 1
        tool["successful_calls" if success else "failed_calls"] += 1
        tool["total_time_ms"] += elapsed_ms
        return f"recorded {tool_name}"

    def get_tool_usage_stats(self) -> dict[str, Any]:
        return {
            "selection_stats": self.selections | {"total_tools_selected": 9, "total_tools_executed": 8},
            "tool_stats": {
                name: stats
                | {"avg_time_ms": 1.0, "min_time_ms": 0.5, "max_time_ms": 2.0, "cost_tier": "free"}
                for name, stats in self.tools.items()
            },
            "top_tools_by_usage": [(name, stats["total_calls"]) for name, stats in self.tools.items()],
            "top_tools_by_time": [],
        }


class Totals:
    """An agent's metrics collector with totals alone."""

    def __init__(self, tools: Mapping[str, Any]) -> None:
        self.tools = tools

    def get_tool_usage_stats(self) -> dict[str, Any]:
        return {"tool_stats": self.tools}


class Pool:
    """A provider pool that returns the given statistics."""

    def __init__(self, stats: Any) -> None:
        self.stats = stats

    def get_provider_stats(self) -> Any:
        return self.stats


class Answering:
    """A component of every kind; every method returns the result of `answer`."""

    def __init__(self, answer: Callable[[], Any]) -> None:
        self.get_stats = self.get_tool_usage_stats = self.get_provider_stats = answer


def raising() -> Any:
    raise RuntimeError("the component is broken")


def exiting() -> Any:
    raise SystemExit(1)


class Hanging:
    """A function that hangs until the end of the test."""

    def __init__(self) -> None:
        self.free = threading.Event()

    def __call__(self) -> Any:
        self.free.wait(LONG)
        return {}


BAD_NUMBERS: tuple[Any, ...] = (None, math.nan, math.inf, -1, "12", [], {}, True, 10**400, 1e300)


def everywhere(value: Any) -> dict[str, Any]:
    """Return the reports of all components with this value in place of every number."""
    numbers = ("hits", "misses", "evictions", "total_entries", "utilization", "total_latency_saved_ms")
    calls = ("total_calls", "successful_calls", "failed_calls")
    requests = ("successes", "errors", "timeouts", "rate_limited", "healthy")
    return {
        "max_size": value,
        "memory_bytes": value,
        "namespaces": dict.fromkeys(NAMES, dict.fromkeys(numbers, value)),
        "selection_stats": dict.fromkeys(Agent().selections, value),
        "tool_stats": {"grep": dict.fromkeys(calls, value)},
        "openai": dict.fromkeys(requests, value),
    }


HOSTILE: dict[str, Callable[[], Any]] = {
    "raises": raising,
    "exits": exiting,
    "is no function": None,  # type: ignore[dict-item] # wrong on purpose
    **{f"gives {value!r:.9}": partial(copy, value) for value in (None, 3, "text", math.nan, [1], object())},
    **{f"{value!r:.9} everywhere": partial(everywhere, value) for value in BAD_NUMBERS},
    "parts are None": lambda: {
        "namespaces": None,
        "selection_stats": None,
        "tool_stats": None,
        "openai": None,
    },
    "parts are texts": lambda: {"namespaces": "x", "selection_stats": "x", "tool_stats": "x", "openai": "x"},
    "parts of parts": lambda: {
        "namespaces": {"query": 3},
        "selection_stats": [],
        "tool_stats": {"grep": None},
    },
}
