"""The recording calls: selections, executions, providers and the start."""

from __future__ import annotations

import asyncio
import logging
import math
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from prometheus_client import CollectorRegistry, Counter

from tests.runtime.patience import LONG
from tests.victor.series import durations, values
from victor_monitoring.victor.collector import PerformanceMetricsCollector


@pytest.fixture
def collector() -> PerformanceMetricsCollector:
    return PerformanceMetricsCollector(deadline=LONG)


@pytest.fixture
def warnings() -> Iterator[list[str]]:
    """Yield the collector's warnings, kept out of pytest's report, which cannot print every text."""
    found: list[str] = []

    def keep(record: logging.LogRecord) -> bool:
        found.append(record.getMessage())
        return False

    logger = logging.getLogger("victor_monitoring.runtime.collector")
    logger.addFilter(keep)
    yield found
    logger.removeFilter(keep)


def executions(collector: PerformanceMetricsCollector) -> dict[tuple[str, ...], float]:
    return values(collector.get_tool_execution_metrics(), "tool_executions_total")


def faults(collector: PerformanceMetricsCollector) -> dict[tuple[str, ...], float]:
    return values(collector.get_system_metrics(), "collector_faults_total")


def test_tool_selections(collector: PerformanceMetricsCollector) -> None:
    """Selections are recorded, or measured in a block, or in a function with `is_hit`."""
    collector.record_tool_selection("rl", hit=True, seconds=0.25)
    with collector.tool_selection("query"):
        pass
    with collector.tool_selection("query") as selection:
        selection.outcome = "hit"

    @collector.tool_selection("context", is_hit=lambda found: found is not None)
    def select(name: str) -> str | None:
        return name or None

    assert (select("grep"), select("")) == ("grep", None)
    section = collector.get_tool_selection_metrics()
    assert values(section, "tool_selections_total") == {
        ("rl", "hit"): 1, ("query", "miss"): 1, ("query", "hit"): 1,
        ("context", "hit"): 1, ("context", "miss"): 1,
    }  # fmt: skip
    found = durations(section, "tool_selection_duration_seconds")
    assert {name: count for name, (count, _) in found.items()} == {"query": 2, "context": 2, "rl": 1}
    assert found["rl"] == (1, 0.25)


def test_tool_executions_in_blocks(collector: PerformanceMetricsCollector) -> None:
    """A failure raises or sets the outcome; running tools are counted."""
    with collector.tool_execution("grep"):
        assert values(collector.get_tool_execution_metrics(), "tools_running") == {(): 1}
    error = LookupError("no file")
    with pytest.raises(LookupError) as caught, collector.tool_execution("grep"):
        raise error
    assert caught.value is error
    with collector.tool_execution("edit") as execution:
        execution.outcome = "failure"
    with collector.tool_execution("edit") as execution:
        execution.error = error  # handled by the body
    assert executions(collector) == {
        ("grep", "success"): 1, ("grep", "failure"): 1, ("edit", "failure"): 2
    }  # fmt: skip
    assert values(collector.get_tool_execution_metrics(), "tools_running") == {}


def test_tool_executions_in_functions(collector: PerformanceMetricsCollector) -> None:
    """Decorated functions and coroutines are measured, and keep their results and errors."""

    @collector.tool_execution("half")
    def half(number: int) -> int:
        return 10 // number

    @collector.tool_execution("wait")
    async def wait(seconds: float) -> float:
        await asyncio.sleep(seconds)
        if seconds < 0.005:
            raise TimeoutError
        return seconds

    async def tools() -> list[float | BaseException]:
        async with collector.tool_execution("all"):
            return await asyncio.gather(*(wait(each / 1000) for each in (1, 9, 9)), return_exceptions=True)

    assert half(2) == 5
    with pytest.raises(ZeroDivisionError):
        half(0)
    found = asyncio.run(tools())
    assert (type(found[0]), found[1:]) == (TimeoutError, [0.009, 0.009])
    assert executions(collector) == {
        ("half", "success"): 1, ("half", "failure"): 1, ("wait", "success"): 2, ("wait", "failure"): 1,
        ("all", "success"): 1,
    }  # fmt: skip
    measured = durations(collector.get_tool_execution_metrics(), "tool_execution_duration_seconds")
    assert measured["wait"][0] == 3
    assert measured["wait"][1] >= 0.018
    assert measured["all"][1] >= 0.009


class RateLimitError(Exception):
    """An exception named as in the clients of OpenAI and Anthropic."""


class APITimeoutError(Exception):
    """Another exception named as in those clients."""


class StatusError(Exception):
    """An exception with a status code."""

    def __init__(self, status_code: object) -> None:
        self.status_code = status_code


class Evil(Exception):
    """An exception whose attributes raise."""

    @property
    def status_code(self) -> int:
        raise RuntimeError


@pytest.mark.parametrize(
    ("error", "outcome"),
    [
        (RateLimitError(), "rate_limited"),
        (StatusError(429), "rate_limited"),
        (StatusError(500), "error"),
        (TimeoutError(), "timeout"),
        (APITimeoutError(), "timeout"),
        (ConnectionResetError(), "error"),
        (asyncio.CancelledError(), "error"),
        (Evil(), None),
    ],
)
def test_a_providers_error_determines_the_outcome(
    collector: PerformanceMetricsCollector, error: BaseException, outcome: str | None
) -> None:
    """The outcome follows from names and status codes of exceptions, which propagate."""
    with pytest.raises(type(error)) as caught, collector.provider_request("openai"):
        raise error
    assert caught.value is error
    found = values(collector.get_provider_pool_metrics(), "provider_requests_total")
    assert found == ({} if outcome is None else {("openai", outcome): 1})


def test_providers(collector: PerformanceMetricsCollector) -> None:
    """Requests, explicit outcomes, durations and health are recorded; known providers are counted."""
    assert values(collector.get_provider_pool_metrics(), "providers_configured") == {}
    collector.record_provider_request("openai", "success", 0.5)
    with collector.provider_request("ollama") as request:
        request.outcome = "rate_limited"

    @collector.provider_request("vllm")
    async def complete() -> str:
        return "done"

    assert asyncio.run(complete()) == "done"
    collector.set_provider_health("openai", healthy=True)
    collector.set_provider_health("anthropic", healthy=False)
    section = collector.get_provider_pool_metrics()
    assert values(section, "provider_requests_total") == {
        ("openai", "success"): 1, ("ollama", "rate_limited"): 1, ("vllm", "success"): 1
    }  # fmt: skip
    assert durations(section, "provider_request_duration_seconds")["openai"] == (1, 0.5)
    assert values(section, "provider_up") == {("openai",): 1}
    assert len(section.metrics["provider_up"]) == 2
    assert values(section, "providers_configured") == {(): 4}


def test_the_start(collector: PerformanceMetricsCollector) -> None:
    """Phases, lazy loads and the first access are recorded."""
    collector.record_bootstrap_phase("container", 1.5)
    with pytest.raises(OSError, match="no tools"), collector.bootstrap_phase("tools"):
        raise OSError("no tools")
    collector.record_lazy_load(0.25)
    with collector.lazy_load():
        pass
    collector.record_first_access(0.75)
    section = collector.get_bootstrap_metrics()
    phases = values(section, "bootstrap_phase_seconds")
    assert phases[("container",)] == 1.5
    assert 0 < phases[("tools",)] < LONG
    assert values(section, "lazy_loads_total") == {(): 2}
    assert 0.25 < values(section, "lazy_load_seconds_total")[()] < LONG
    assert values(section, "first_access_seconds") == {(): 0.75}


ODD: tuple[Any, ...] = (None, 3, 2.5, b"x", [], {}, object(), "", "\ud800", "x" * 10_000, 'a"b\n\\', math.nan)


@pytest.mark.parametrize("value", ODD, ids=lambda value: f"{type(value).__name__} {value!s:.3}")
def test_any_value_may_be_a_name(collector: PerformanceMetricsCollector, value: Any) -> None:
    """A tool or a provider of any type is recorded; the exposition stays parseable."""
    collector.record_tool_execution(value, success=True, seconds=1)
    collector.record_provider_request(value, "success", 1)
    collector.set_provider_health(value, healthy=True)
    with collector.tool_execution(value):
        pass
    assert sum(executions(collector).values()) == 2
    assert faults(collector) == {}
    assert collector.export_prometheus().endswith("\n")


class Unspeakable:
    """A value whose `str` raises."""

    def __str__(self) -> str:
        raise RuntimeError

    __repr__ = __str__
    __hash__ = None  # type: ignore[assignment] # it is not hashable, either


@pytest.mark.parametrize(
    "value", [*ODD, Unspeakable(), -1, "10", 10**400], ids=lambda value: type(value).__name__
)
def test_recording_never_raises(
    collector: PerformanceMetricsCollector, value: Any, warnings: list[str]
) -> None:
    """Invalid arguments raise nothing; each is a fault, logged once per component."""
    calls: list[Callable[[], object]] = [
        lambda: collector.record_tool_selection(value, value, value),
        lambda: collector.record_tool_execution(value, value, value),
        lambda: collector.record_provider_request(value, value, value),
        lambda: collector.set_provider_health(value, value),
        lambda: collector.record_bootstrap_phase(value, value),
        lambda: collector.record_lazy_load(value),
        lambda: collector.record_first_access(value),
    ]
    for call in calls * 2:
        call()
    with collector.tool_execution(value), collector.tool_selection(value):
        pass
    with collector.provider_request(value) as request:
        request.outcome = value
    assert 0 < len(warnings) == len(set(warnings)) <= 4
    assert faults(collector)[("tool_selection",)] > 1
    assert collector.export_prometheus().endswith("\n")


def test_a_broken_registry_does_not_affect_the_service(
    collector: PerformanceMetricsCollector, monkeypatch: pytest.MonkeyPatch
) -> None:
    """If the client library fails, instrumented code keeps its results and errors."""

    def broken(*_: object) -> None:
        raise MemoryError

    monkeypatch.setattr(Counter, "inc", broken)

    @collector.tool_execution("grep")
    def work() -> str:
        return "done"

    assert work() == "done"
    with pytest.raises(LookupError), collector.provider_request("openai"):
        raise LookupError


def test_ten_thousand_tools(collector: PerformanceMetricsCollector) -> None:
    """Tools above the limit count as `other`, no call is lost, and overflows are counted."""
    for number in range(10_000):
        collector.record_tool_execution(f"tool {number}", success=True, seconds=0.01)
    found = executions(collector)
    assert len(found) == 201
    assert found[("other", "success")] == 9_800
    measured = durations(collector.get_tool_execution_metrics(), "tool_execution_duration_seconds")
    assert len(measured) == 201
    overflows = values(collector.get_system_metrics(), "label_overflows_total")
    assert overflows == {("tool",): 2 * 9_800}  # of both metrics


def test_ten_thousand_providers(collector: PerformanceMetricsCollector) -> None:
    """Providers above the limit count as `other`, and the remembered names are bounded."""
    for number in range(10_000):
        collector.record_provider_request(f"provider {number}", "error", 0.01)
    section = collector.get_provider_pool_metrics()
    found = values(section, "provider_requests_total")
    assert (len(found), found[("other", "error")]) == (26, 9_975)
    assert values(section, "providers_configured") == {(): 1000}
    assert len(collector._requests._called) == 1000  # noqa: SLF001 - the size is visible nowhere else


def test_the_anchors_exist_from_the_start() -> None:
    """The metrics whose absence is an alert exist before the first recording."""
    collector = PerformanceMetricsCollector(deadline=LONG, registry=CollectorRegistry())
    text = collector.export_prometheus()
    for anchor in (
        "victor_tools_running 0.0",
        "victor_providers_configured 0.0",
        "victor_lazy_loads_total 0.0",
        'victor_cache_operations_total{cache="query",operation="hit"} 0.0',
        'victor_tool_selections_total{cache="rl",outcome="miss"} 0.0',
        "victor_system_memory_bytes ",
    ):
        assert f"\n{anchor}" in text
