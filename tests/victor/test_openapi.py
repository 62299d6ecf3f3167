"""Requests generated from the OpenAPI document, to a service with misbehaving components."""

from __future__ import annotations

import math
import threading
from collections.abc import Iterator, Mapping
from typing import Any

import pytest
import schemathesis
from fastapi import FastAPI
from hypothesis import given, settings
from schemathesis import GenerationMode
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from tests.runtime.rest.client import ask
from victor_monitoring import PerformanceMetricsCollector, register_performance_routes

# The paths with a parameter, which can be invalid, and those without.
SECTIONS = [
    f"/api/performance/{name}" for name in ("bootstrap", "cache", "providers", "summary", "system", "tools")
]
PLAIN = ["/metrics", *(f"/api/performance/{name}" for name in ("alerts", "health", "prometheus"))]
REQUESTS = [
    *((path, GenerationMode.POSITIVE) for path in (*SECTIONS, *PLAIN)),
    *((path, GenerationMode.NEGATIVE) for path in SECTIONS),
]
CHECKS = [
    content_type_conformance,
    not_a_server_error,
    response_headers_conformance,
    response_schema_conformance,
    status_code_conformance,
]


class Hostile(Mapping[str, Any]):
    """A mapping whose values are such mappings or no numbers."""

    def __init__(self, depth: int = 3) -> None:
        self._depth = depth

    def __getitem__(self, key: str) -> Any:
        wrong: tuple[Any, ...] = (math.nan, -1, "12", None, True, math.inf, 10**400, [])
        return Hostile(self._depth - 1) if self._depth else wrong[hash(key) % len(wrong)]

    def __iter__(self) -> Iterator[str]:
        return iter(("query", "context", "hits", "\ud800", "</script>", 'quote"\n'))

    def __len__(self) -> int:
        return 6


class HostileAgent:
    """An agent whose totals have strange tool names and values that are no numbers."""

    def get_tool_usage_stats(self) -> Any:
        tools = {
            name: {"total_calls": 2, "successful_calls": math.nan, "failed_calls": -3} for name in Hostile()
        }
        return {"selection_stats": Hostile(0), "tool_stats": tools}


class FailingCache:
    """A cache that raises."""

    def get_stats(self) -> Any:
        raise SystemExit("/etc/shadow")


class HangingPool:
    """A provider pool that hangs until it is released."""

    def __init__(self) -> None:
        self.released = threading.Event()

    def get_provider_stats(self) -> Any:
        self.released.wait()
        return Hostile()


@pytest.fixture(scope="module")
def app() -> Iterator[FastAPI]:
    """Yield an application with the performance routes, and components that fail, hang and lie."""
    collector, pool = PerformanceMetricsCollector(deadline=0.2), HangingPool()
    collector.register_tool_selection_cache(FailingCache())
    collector.register_agent_metrics_collector(HostileAgent())
    collector.register_provider_pool(pool)
    with collector.tool_execution('a "tool"\\\n'):
        pass
    app = FastAPI()
    register_performance_routes(app, collector)
    yield app
    pool.released.set()


@pytest.fixture(scope="module")
def document(app: FastAPI) -> Any:
    """Return the OpenAPI document of the application."""
    return schemathesis.openapi.from_asgi("/openapi.json", app)


def test_the_components_misbehave(app: FastAPI) -> None:
    """Faulty components have their faults, and the healthy ones have none."""
    sections = ask(app, "/api/performance/summary")["sections"]
    assert {name: section["fault"] for name, section in sections.items()} == {
        "tool_selection": "nonsense",
        "cache": "failed",
        "bootstrap": None,
        "provider_pool": "timed out",
        "tool_execution": "nonsense",
        "system": None,
    }


@pytest.mark.hypothesis
@pytest.mark.parametrize(("path", "mode"), REQUESTS)
def test_every_answer_is_as_documented(document: Any, path: str, mode: GenerationMode) -> None:
    """No request, valid or invalid, makes the service fail, and every response matches its model."""
    asked: list[schemathesis.Case[Any]] = []

    @settings(max_examples=10)
    @given(case=document[path]["GET"].as_strategy(generation_mode=mode))
    def request(case: schemathesis.Case[Any]) -> None:
        asked.append(case)
        case.call_and_validate(checks=CHECKS)

    request()
    assert asked


def test_every_path_is_asked(document: Any) -> None:
    """Every documented path was requested."""
    assert sorted(document) == sorted((*SECTIONS, *PLAIN))
