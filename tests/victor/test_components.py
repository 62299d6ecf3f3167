"""Victor's components, registered and read: complete, partial, reset and unregistered."""

from __future__ import annotations

from typing import Any

import pytest

from tests.victor.series import values
from tests.victor.stand_ins import NAMES, Agent, Answering, Cache, Pool, Totals
from victor_monitoring.runtime.snapshot import Point
from victor_monitoring.victor.collector import PerformanceMetricsCollector


@pytest.fixture
def collector() -> PerformanceMetricsCollector:
    return PerformanceMetricsCollector(deadline=30)


def operations(collector: PerformanceMetricsCollector) -> dict[tuple[str, ...], float]:
    return values(collector.get_cache_metrics(), "cache_operations_total")


def test_a_complete_cache(collector: PerformanceMetricsCollector) -> None:
    """A cache sets operations, selections, sizes and saved seconds."""
    cache = Cache(size=500)
    cache.lookups["query"] = {"hits": 8, "misses": 3, "evictions": 2, "total_entries": 40}
    collector.register_tool_selection_cache(cache)
    section = collector.get_cache_metrics()
    assert section.fault is None
    assert values(section, "cache_operations_total") == {
        ("query", "hit"): 8, ("query", "miss"): 3, ("query", "eviction"): 2
    }  # fmt: skip
    assert values(section, "cache_entries") == {("query",): 40}
    assert values(section, "cache_max_entries") == {(name,): 500 for name in NAMES}
    assert values(section, "cache_saved_seconds_total") == {("query",): 0.02}
    assert "cache_memory_bytes" not in section.metrics
    selections = collector.get_tool_selection_metrics()
    assert values(selections, "tool_selections_total") == {("query", "hit"): 8, ("query", "miss"): 3}


def test_a_reset_cache_counts_on(collector: PerformanceMetricsCollector) -> None:
    """Counters do not decrease, and include all lookups across resets."""
    cache = Cache()
    collector.register_tool_selection_cache(cache)
    for hits in (5, 9):
        cache.lookups["rl"]["hits"] = hits
        assert operations(collector) == {("rl", "hit"): hits}
    cache.reset()
    assert operations(collector) == {("rl", "hit"): 9}
    cache.lookups["rl"]["hits"] = 2
    assert operations(collector) == {("rl", "hit"): 11}
    selections = collector.get_tool_selection_metrics()
    assert values(selections, "tool_selections_total") == {("rl", "hit"): 11}


@pytest.mark.parametrize(
    ("stats", "entries", "size", "memory"),
    [
        ({}, {}, {}, {}),
        ({"combined": {"hits": 4}}, {}, {}, {}),
        ({"namespaces": {}, "max_size": 10}, {}, {}, {}),
        ({"namespaces": {"rl": {}, "new": {"total_entries": 3}}, "max_size": 10}, {}, {("rl",): 10}, {}),
        ({"namespaces": {"rl": {"total_entries": 3}}}, {("rl",): 3}, {}, {}),
        ({"namespaces": {"rl": {"utilization": 0.3}}, "max_size": 10}, {("rl",): 3}, {("rl",): 10}, {}),
        ({"namespaces": {"rl": {"utilization": 0.5, "total_entries": 5}}}, {("rl",): 5}, {("rl",): 10}, {}),
        ({"namespaces": {"rl": {"utilization": 0.0, "total_entries": 0}}}, {}, {}, {}),
        ({"memory_bytes": 4096}, {}, {}, {(): 4096}),
    ],
)
def test_a_partial_cache(
    collector: PerformanceMetricsCollector, stats: Any, entries: Any, size: Any, memory: Any
) -> None:
    """A value that an older version does not report is not shown, and is no fault."""
    collector.register_tool_selection_cache(Answering(lambda: stats))
    section = collector.get_cache_metrics()
    assert section.fault is None
    assert values(section, "cache_entries") == entries
    assert values(section, "cache_max_entries") == size
    assert values(section, "cache_memory_bytes") == memory


def test_a_cache_is_unregistered(collector: PerformanceMetricsCollector) -> None:
    """Its counters remain, its sizes are hidden; registered again, no lookup is counted twice."""
    cache = Cache()
    cache.lookups["query"]["hits"] = 5
    registered = collector.register_tool_selection_cache(cache)
    assert collector.register_tool_selection_cache(cache) is registered
    assert operations(collector) == {("query", "hit"): 5}
    collector.unregister_tool_selection_cache(cache)
    collector.unregister_tool_selection_cache(cache)
    cache.lookups["query"] |= {"hits": 7, "total_entries": 3}
    section = collector.get_cache_metrics()
    assert not {"cache_entries", "cache_max_entries"} & set(section.metrics)
    assert values(section, "cache_operations_total") == {("query", "hit"): 5}
    assert "victor_cache_max_entries" not in collector.export_prometheus()
    again = collector.register_tool_selection_cache(cache)
    assert operations(collector) == {("query", "hit"): 7}
    assert values(collector.get_cache_metrics(), "cache_entries") == {("query",): 3}
    again.close()
    assert collector.register_tool_selection_cache(cache) is not again


def test_another_cache_replaces_the_first(collector: PerformanceMetricsCollector) -> None:
    """Its counts are added, its sizes are shown, and the first cache is no longer read."""
    first, second = Cache(), Cache(size=7)
    first.lookups["query"]["hits"], second.lookups["query"]["hits"] = 5, 30
    collector.register_tool_selection_cache(first)
    assert operations(collector) == {("query", "hit"): 5}
    collector.register_tool_selection_cache(second)
    first.lookups["query"]["hits"] = 100
    assert operations(collector) == {("query", "hit"): 35}
    assert values(collector.get_cache_metrics(), "cache_max_entries") == {(name,): 7 for name in NAMES}


def test_lookups_that_are_recorded_are_not_counted_twice(collector: PerformanceMetricsCollector) -> None:
    """A registered cache and recorded selections report the same lookups."""
    cache = Cache()
    collector.record_tool_selection("query", hit=True, seconds=0.001)
    cache.lookups["query"]["hits"] = 1
    collector.register_tool_selection_cache(cache)
    for hits in (2, 3, 4):
        cache.lookups["query"]["hits"] = hits
        if hits != 3:  # a lookup that no call records
            collector.record_tool_selection("query", hit=True, seconds=0.001)
        section = collector.snapshot(["cache", "tool_selection"]).sections["tool_selection"]
    assert values(section, "tool_selections_total") == {("query", "hit"): 4}
    (query, *_) = section.metrics["tool_selection_duration_seconds"]
    assert query.labels == {"cache": "query"}
    assert getattr(query, "count", None) == 3


def test_selection_methods_of_agents(collector: PerformanceMetricsCollector) -> None:
    """Selections by method are summed over all registered agents, across resets."""
    first, second = Agent(), Agent()
    first.selections |= {"semantic_selections": 4, "keyword_selections": 1}
    second.selections["semantic_selections"] = 3
    for agent in (first, second):
        collector.register_agent_metrics_collector(agent)
    methods = values(collector.get_tool_selection_metrics(), "tool_selection_methods_total")
    assert methods == {("semantic",): 7, ("keyword",): 1}
    first.selections["semantic_selections"] = 1
    collector.unregister_agent_metrics_collector(second)
    second.selections["semantic_selections"] = 30
    methods = values(collector.get_tool_selection_metrics(), "tool_selection_methods_total")
    assert methods == {("semantic",): 8, ("keyword",): 1}


@pytest.mark.parametrize(
    ("calls", "counted"),
    [
        ({"total_calls": 9, "successful_calls": 7, "failed_calls": 2}, {"success": 7, "failure": 2}),
        ({"total_calls": 9, "successful_calls": 7}, {"success": 7, "failure": 2}),
        ({"total_calls": 9, "failed_calls": 2}, {"success": 7, "failure": 2}),
        ({"failed_calls": 2}, {"failure": 2}),
        ({"total_calls": 9}, {}),  # of unknown outcome
        ({"total_calls": 1, "successful_calls": 7}, {"success": 7}),
        ({"total_time_ms": 900.0, "avg_time_ms": 100.0}, {}),
        ({}, {}),
    ],
)
def test_totals_are_counted_and_are_no_histogram(
    collector: PerformanceMetricsCollector, calls: dict[str, float], counted: dict[str, float]
) -> None:
    """An agent without recorded calls gives counts per tool and no durations."""
    collector.register_agent_metrics_collector(Totals({"grep": calls}))
    for _ in range(2):
        section = collector.get_tool_execution_metrics()
        assert section.fault is None
        found = {("grep", outcome): number for outcome, number in counted.items()}
        assert values(section, "tool_executions_total") == found
        assert "tool_execution_duration_seconds" not in section.metrics


def test_totals_that_fail_for_a_while_lose_nothing(collector: PerformanceMetricsCollector) -> None:
    """A total that is missing or invalid once is no reset."""
    agent = Totals({"grep": {"successful_calls": 9}})
    collector.register_agent_metrics_collector(agent)
    for calls in ({"successful_calls": 9}, {}, {"successful_calls": -1}):
        agent.tools = {"grep": calls}
        collector.refresh()
        agent.tools = {}
        collector.refresh()
    agent.tools = {"grep": {"successful_calls": 10}}
    section = collector.get_tool_execution_metrics()
    assert values(section, "tool_executions_total") == {("grep", "success"): 10}


def test_a_pool_of_providers(collector: PerformanceMetricsCollector) -> None:
    """A pool sets health and counters; values that it does not know are left out."""
    pool = Pool(
        {
            "openai": {"healthy": True, "successes": 90, "errors": 3, "timeouts": 2, "rate_limited": 1},
            "ollama": {"healthy": False},
            "vllm": {"successes": 5},
        }
    )
    collector.register_provider_pool(pool)
    collector.record_provider_request("openai", "success", 0.5)  # one of the ninety
    section = collector.get_provider_pool_metrics()
    assert section.fault is None
    assert values(section, "providers_configured") == {(): 3}
    assert section.metrics["provider_up"] == (
        Point({"provider": "openai"}, 1), Point({"provider": "ollama"}, 0)
    )  # fmt: skip
    assert values(section, "provider_requests_total") == {
        ("openai", "success"): 90, ("openai", "error"): 3, ("openai", "timeout"): 2,
        ("openai", "rate_limited"): 1, ("vllm", "success"): 5,
    }  # fmt: skip


def test_a_pool_is_unregistered(collector: PerformanceMetricsCollector) -> None:
    """Without a pool, the providers are those of recorded requests."""
    pool = Pool({"openai": {"healthy": True}, "ollama": {"healthy": True}})
    collector.register_provider_pool(pool)
    collector.record_provider_request("openai", "success", 0.5)
    assert values(collector.get_provider_pool_metrics(), "providers_configured") == {(): 2}
    collector.unregister_provider_pool(pool)
    section = collector.get_provider_pool_metrics()
    assert values(section, "providers_configured") == {(): 1}
    assert "provider_up" not in section.metrics
    collector.set_provider_health("openai", healthy=False)
    assert "provider_up" in collector.get_provider_pool_metrics().metrics
