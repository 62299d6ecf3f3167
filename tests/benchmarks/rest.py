"""The REST summary, against a bare route that serialises a body of the same size."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

import httpx
from fastapi import FastAPI

from tests.benchmarks.rows import paired, row
from tests.victor.stand_ins import Agent, Cache, Pool
from victor_monitoring import PerformanceMetricsCollector, register_performance_routes

_PAIRS = 25
_REQUESTS = 20
_PATH = "/api/performance/summary"


def measure() -> None:
    """Measure Victor's collector right after its start, and with as many tools as the registry admits."""
    for tools in (0, 200):
        _summary(tools)


def _summary(tools: int) -> None:
    app, bare = FastAPI(), FastAPI()
    collector = PerformanceMetricsCollector()
    collector.register_tool_selection_cache(Cache())
    collector.register_agent_metrics_collector(Agent())
    collector.register_provider_pool(Pool({"openai": {"healthy": True, "successes": 3}}))
    for number in range(tools):
        collector.record_tool_execution(f"tool {number}", success=True, seconds=0.1)
    register_performance_routes(app, collector)
    body = asyncio.run(_asked(app))[-1].json()

    @bare.get(_PATH)
    def serialised() -> Any:
        return body

    size = len(asyncio.run(_asked(app))[-1].content)
    row(
        f"{_REQUESTS} requests of `{_PATH}`, {size / 1000:.0f} kB, four components read",
        "a bare FastAPI route that returns such a body",
        *paired(_requests(app), _requests(bare), _PAIRS),
    )


def _requests(app: FastAPI) -> Callable[[], object]:
    return lambda: asyncio.run(_asked(app, _REQUESTS))


async def _asked(app: FastAPI, times: int = 1) -> list[httpx.Response]:
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app=app), base_url="http://service") as caller:
        return [await caller.get(_PATH) for _ in range(times)]
