"""Every endpoint of the REST API, against a bare route that serialises a body of the same size."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

import httpx
from fastapi import FastAPI, Response

from tests.benchmarks.rows import paired, row
from victor_monitoring.runtime.evaluator import Evaluator
from victor_monitoring.runtime.rest import register_routes
from victor_monitoring.victor import registry
from victor_monitoring.victor.workload import SimulatedAgent

_PAIRS = 25
_REQUESTS = 20
_PREFIX = "/api/performance"
_SAMPLES = 2 * 5 * 60_000 // registry.SCRAPE  # of two windows
_PLAIN = ("alerts", "health", "prometheus")


def measure() -> None:
    """Measure Victor's API under a simulated load, and its summary with 200 tools."""
    app, start = _application(tools=0), _application(tools=0, samples=1)
    for name in ("summary", *registry.ENDPOINTS):
        for signals in ("true", "false"):
            _endpoint(app, f"{_PREFIX}/{name}?signals={signals}")
    for name in _PLAIN:
        _endpoint(app, f"{_PREFIX}/{name}")
    _endpoint(start, f"{_PREFIX}/summary?signals=true", "right after the start")
    _endpoint(_application(tools=200), f"{_PREFIX}/summary?signals=true", "200 tools")


def _application(*, tools: int, samples: int = _SAMPLES) -> FastAPI:
    """Return an application with routes, after this many samples of the simulated agent."""
    now = [1_000_000.0]
    agent = SimulatedAgent({}, seed=1, window=300, clock=lambda: now[0])
    evaluator = Evaluator(registry, agent.collector.collect, clock=lambda: now[0])
    for sample in range(samples):
        if sample:
            now[0] += registry.SCRAPE / 1000
            agent.advance()
        for number in range(tools):
            agent.collector.record_tool_execution(f"tool {number}", success=True, seconds=0.1)
        evaluator.sample()
        evaluator.step()
    app = FastAPI()
    register_routes(app, agent.collector, evaluator, prefix=_PREFIX)
    return app


def _endpoint(app: FastAPI, path: str, state: str = "") -> None:
    bare = FastAPI()
    (answer,) = asyncio.run(_answers(app, path, 1))
    is_json = answer.headers["content-type"] == "application/json"
    body = answer.json() if is_json else None

    @bare.get(path.partition("?")[0])
    def serialised() -> Any:
        return body if is_json else Response(answer.content)

    details = ", ".join(each for each in (f"{len(answer.content):,} bytes", state) if each)
    row(
        f"{_REQUESTS} requests of `{path}`, {details}",
        "a bare FastAPI route that returns such a body",
        *paired(_requests(app, path), _requests(bare, path), _PAIRS),
    )


def _requests(app: FastAPI, path: str) -> Callable[[], object]:
    return lambda: asyncio.run(_answers(app, path, _REQUESTS))


async def _answers(app: FastAPI, path: str, times: int) -> list[httpx.Response]:
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app=app), base_url="http://service") as caller:
        return [await caller.get(path) for _ in range(times)]


if __name__ == "__main__":
    measure()
