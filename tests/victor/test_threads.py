"""Threads and an event loop that record concurrently during reads."""

from __future__ import annotations

import asyncio
import sys
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest

from tests.runtime.patience import LONG
from tests.victor.series import durations, values
from tests.victor.stand_ins import Agent, Cache
from victor_monitoring.victor.collector import PerformanceMetricsCollector, get_performance_collector

THREADS, TASKS, CALLS = 8, 20, 200


@pytest.fixture
def _eager_threads() -> Iterator[None]:
    interval = sys.getswitchinterval()
    sys.setswitchinterval(1e-5)
    yield
    sys.setswitchinterval(interval)


@pytest.mark.usefixtures("_eager_threads")
def test_threads_and_an_event_loop_lose_no_count() -> None:
    """Every call from eight threads and twenty tasks is counted once, with concurrent scrapes."""
    collector = PerformanceMetricsCollector(deadline=LONG)
    cache, agent = Cache(), Agent()
    collector.register_tool_selection_cache(cache)
    collector.register_agent_metrics_collector(agent)
    start, over = threading.Barrier(THREADS + 2), threading.Event()

    def work(thread: int) -> None:
        start.wait(LONG)
        for number in range(CALLS):
            agent.record_tool_execution(f"tool {number % 10}", True, 1)
            with collector.tool_execution(f"thread {thread}"):
                collector.record_tool_selection("query", hit=False, seconds=0.001)
            collector.record_provider_request("openai", "success", 0.1)

    @collector.tool_execution("task")
    async def task() -> None:
        await asyncio.sleep(0)

    async def tasks() -> None:
        start.wait(LONG)
        for _ in range(CALLS):
            await asyncio.gather(*(task() for _ in range(TASKS)))

    def scrape() -> None:
        start.wait(LONG)
        while not over.is_set():
            collector.export_prometheus()
            cache.lookups["query"]["misses"] += 1  # of a selection that is recorded above

    with ThreadPoolExecutor(THREADS + 2) as pool:
        scraping = pool.submit(scrape)
        working = [pool.submit(work, thread) for thread in range(THREADS)]
        working.append(pool.submit(lambda: asyncio.run(tasks())))
        for each in working:
            each.result(LONG)
        over.set()
        scraping.result(LONG)

    section = collector.get_tool_execution_metrics()
    counted = values(section, "tool_executions_total")
    assert {counted[(f"thread {thread}", "success")] for thread in range(THREADS)} == {CALLS}
    assert {counted[(f"tool {number}", "success")] for number in range(10)} == {THREADS * CALLS / 10}
    assert counted[("task", "success")] == TASKS * CALLS
    measured = durations(section, "tool_execution_duration_seconds")
    assert sum(count for count, _ in measured.values()) == sum(counted.values())
    assert values(section, "tools_running") == {}
    requests = values(collector.get_provider_pool_metrics(), "provider_requests_total")
    assert requests == {("openai", "success"): THREADS * CALLS}
    selections = values(collector.get_tool_selection_metrics(), "tool_selections_total")
    assert selections == {("query", "miss"): max(THREADS * CALLS, cache.lookups["query"]["misses"])}


def test_the_collector_of_the_process_is_one(monkeypatch: pytest.MonkeyPatch) -> None:
    """Concurrent first calls of `get_performance_collector` return one collector."""
    monkeypatch.setattr("victor_monitoring.victor.collector._collector", None)
    meeting = threading.Barrier(THREADS)

    def ask(_: int) -> PerformanceMetricsCollector:
        meeting.wait(LONG)
        return get_performance_collector()

    with ThreadPoolExecutor(THREADS) as pool:
        found = list(pool.map(ask, range(THREADS)))
    assert len({id(each) for each in found}) == 1


def test_registering_in_many_threads_registers_once() -> None:
    """An object registered in many threads is observed once, and restored."""
    collector, agent = PerformanceMetricsCollector(deadline=LONG), Agent()
    meeting = threading.Barrier(THREADS)

    def register(_: int) -> object:
        meeting.wait(LONG)
        return collector.register_agent_metrics_collector(agent)

    with ThreadPoolExecutor(THREADS) as pool:
        registered = list(pool.map(register, range(THREADS)))
    assert len(set(map(id, registered))) == 1
    agent.record_tool_execution("grep", True, 1)
    section = collector.get_tool_execution_metrics()
    assert values(section, "tool_executions_total") == {("grep", "success"): 1}
    collector.unregister_agent_metrics_collector(agent)
    assert "record_tool_execution" not in vars(agent)
