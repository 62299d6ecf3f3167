"""Components that raise, hang or return impossible values affect their own sections alone."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from prometheus_client.parser import text_string_to_metric_families

from tests.runtime.patience import LONG
from tests.victor.series import values
from tests.victor.stand_ins import HOSTILE, Agent, Answering, Cache, Hanging, Pool
from victor_monitoring.victor.collector import PerformanceMetricsCollector

REGISTERED: dict[str, Callable[[PerformanceMetricsCollector, Any], object]] = {
    "cache": PerformanceMetricsCollector.register_tool_selection_cache,
    "tool_selection": PerformanceMetricsCollector.register_agent_metrics_collector,
    "tool_execution": PerformanceMetricsCollector.register_agent_metrics_collector,
    "provider_pool": PerformanceMetricsCollector.register_provider_pool,
}


@pytest.fixture
def collector() -> PerformanceMetricsCollector:
    return PerformanceMetricsCollector(deadline=LONG)


@pytest.fixture
def hanging() -> Iterator[Hanging]:
    component = Hanging()
    yield component
    component.free.set()


def use(collector: PerformanceMetricsCollector) -> None:
    """Register a healthy component of each kind."""
    cache, agent = Cache(), Agent()
    cache.lookups["query"]["hits"] = 5
    agent.selections["semantic_selections"] = 4
    collector.register_tool_selection_cache(cache)
    collector.register_agent_metrics_collector(agent)
    collector.register_provider_pool(Pool({"openai": {"healthy": True, "successes": 3}}))


def faults(collector: PerformanceMetricsCollector) -> dict[str, str | None]:
    return {name: section.fault for name, section in collector.get_all_metrics().sections.items()}


def judged(collector: PerformanceMetricsCollector) -> None:
    """Assert that every number of the exposition is possible."""
    for family in text_string_to_metric_families(collector.export_prometheus()):
        for sample in family.samples:
            assert math.isfinite(sample.value), sample
            assert 0 <= sample.value < 2**53, sample


@pytest.mark.parametrize("component", REGISTERED)
@pytest.mark.parametrize("answer", HOSTILE)
def test_a_hostile_component_affects_its_own_section_alone(
    collector: PerformanceMetricsCollector, component: str, answer: str
) -> None:
    """Its section has a counted fault, and every exposed number is possible."""
    use(collector)
    REGISTERED[component](collector, Answering(HOSTILE[answer]))
    found = faults(collector)
    own = {"tool_selection", "tool_execution"} if "tool" in component else {component}
    faulty = {name for name, fault in found.items() if fault is not None}
    assert faulty <= own
    counted = values(collector.get_system_metrics(), "collector_faults_total")
    assert {name for (name,) in counted} == faulty
    assert set(found.values()) <= {None, "failed", "nonsense"}
    judged(collector)


@pytest.mark.parametrize("component", REGISTERED)
@pytest.mark.parametrize("answer", ["raises", "exits", "is no function", "gives None", "None everywhere"])
def test_a_hostile_component_has_a_fault(
    collector: PerformanceMetricsCollector, component: str, answer: str
) -> None:
    """A component that raises or returns no mapping has the expected fault."""
    REGISTERED[component](collector, Answering(HOSTILE[answer]))
    expected = "nonsense" if "None" in answer else "failed"
    assert faults(collector)[component] == expected


@pytest.mark.parametrize("component", [None, object(), 3])
def test_an_object_without_the_interface_is_a_fault_of_its_section(
    collector: PerformanceMetricsCollector, component: Any
) -> None:
    """Registering and unregistering an unsuitable object raises nothing; its section has a fault."""
    collector.register_tool_selection_cache(component)
    collector.register_agent_metrics_collector(component)
    collector.register_provider_pool(component)
    own = {"cache", "tool_selection", "tool_execution", "provider_pool"}
    assert {name for name, fault in faults(collector).items() if fault == "failed"} == own
    collector.unregister_tool_selection_cache(component)
    collector.unregister_agent_metrics_collector(component)
    collector.unregister_provider_pool(component)
    assert set(faults(collector).values()) == {None}


def test_a_component_that_hangs_costs_one_deadline(hanging: Hanging) -> None:
    """If all components of Victor hang, the other metrics are served within one deadline."""
    collector = PerformanceMetricsCollector(deadline=1)
    for register in REGISTERED.values():
        register(collector, Answering(hanging))
    collector.record_tool_execution("grep", success=True, seconds=0.5)
    start = time.monotonic()
    text = collector.export_prometheus()
    assert time.monotonic() - start < 6
    assert 'victor_tool_executions_total{outcome="success",tool="grep"} 1.0' in text
    assert "victor_system_memory_bytes" in text
    assert faults(collector) == {
        "tool_selection": "timed out", "cache": "timed out", "bootstrap": None,
        "provider_pool": "timed out", "tool_execution": "timed out", "system": None,
    }  # fmt: skip
