"""The calls in Victor's guide, and the modules that they load."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Any

import prometheus_client
import pytest

import victor_monitoring
from tests.runtime.patience import LONG
from tests.victor.stand_ins import Agent, Cache
from victor_monitoring.runtime.snapshot import Section
from victor_monitoring.victor.collector import PerformanceMetricsCollector

ROOT = Path(__file__).resolve().parents[2]
HEAVY = {
    "fastapi",
    "grafanalib",
    "httpx",
    "jsonschema",
    "pydantic",
    "rich",
    "starlette",
    "typer",
    "uvicorn",
    "yaml",
}
GENERATOR = {
    "changes", "checks", "cli", "diagnostics", "explanation", "model", "outputs", "pipeline", "reference",
    "renderers", "reporters", "resolved", "spec",
}  # fmt: skip


def test_the_guides_calls(monkeypatch: pytest.MonkeyPatch) -> None:
    """The guide's calls work: collector, registrations, all metrics, one section, exposition."""
    monkeypatch.setattr("victor_monitoring.victor.collector._collector", None)
    cache, metrics_collector = Cache(), Agent()
    cache.lookups["query"]["hits"] = 5

    get_performance_collector: Any = victor_monitoring.get_performance_collector
    collector = get_performance_collector()
    collector.register_tool_selection_cache(cache)
    collector.register_agent_metrics_collector(metrics_collector)
    metrics = collector.get_all_metrics()
    cache_metrics = collector.get_cache_metrics()
    prometheus_text = collector.export_prometheus()

    assert collector is get_performance_collector()
    assert list(metrics.sections) == [
        "tool_selection", "cache", "bootstrap", "provider_pool", "tool_execution", "system"
    ]  # fmt: skip
    assert cache_metrics.metrics == metrics.sections["cache"].metrics
    assert '\nvictor_cache_operations_total{cache="query",operation="hit"} 5.0\n' in prometheus_text


@pytest.mark.parametrize(
    ("call", "component"),
    [
        (PerformanceMetricsCollector.get_tool_selection_metrics, "tool_selection"),
        (PerformanceMetricsCollector.get_cache_metrics, "cache"),
        (PerformanceMetricsCollector.get_bootstrap_metrics, "bootstrap"),
        (PerformanceMetricsCollector.get_provider_pool_metrics, "provider_pool"),
        (PerformanceMetricsCollector.get_tool_execution_metrics, "tool_execution"),
        (PerformanceMetricsCollector.get_system_metrics, "system"),
    ],
)
def test_each_class_has_a_call(call: Any, component: str) -> None:
    """Each component's class has a call that returns its section."""
    section = call(PerformanceMetricsCollector(deadline=LONG))
    assert isinstance(section, Section)
    assert section.component == component


def test_the_package_has_no_other_attributes() -> None:
    """An unknown name of the package is an AttributeError."""
    with pytest.raises(AttributeError, match="has no attribute `get_performance_collectors`"):
        _ = victor_monitoring.get_performance_collectors


def loaded(code: str) -> set[str]:
    """Return the modules that a new process has loaded after this code."""
    run = subprocess.run(
        [sys.executable, "-c", f"{code}\nimport sys\nprint(*sys.modules)"],
        cwd=ROOT, capture_output=True, text=True, timeout=LONG, check=True,
    )  # fmt: skip
    return set(run.stdout.split())


def test_the_collector_loads_little() -> None:
    """The collector loads no generator, web framework or their dependencies; the package loads nothing."""
    found = loaded(
        "from victor_monitoring import get_performance_collector\n"
        "collector = get_performance_collector()\ncollector.get_all_metrics()\ncollector.export_prometheus()"
    )
    assert {"victor_monitoring.victor.collector", "victor_monitoring.runtime.collector", "psutil"} <= found
    assert found & HEAVY == set()
    ours = {name.split(".")[1] for name in found if name.startswith("victor_monitoring.")}
    assert ours & GENERATOR == set()
    alone = loaded("import victor_monitoring")
    assert not any(name.startswith("victor_monitoring.") for name in alone)
    assert "prometheus_client" not in alone


def test_nothing_is_registered_on_import() -> None:
    """Neither the import nor a collector changes the client's default registry."""
    names = set(prometheus_client.REGISTRY._names_to_collectors)  # noqa: SLF001 - visible nowhere else
    PerformanceMetricsCollector()
    assert set(prometheus_client.REGISTRY._names_to_collectors) == names  # noqa: SLF001
    found = loaded(
        "import victor_monitoring.victor.collector, threading\nassert threading.active_count() == 1"
    )
    assert "victor_monitoring.victor.registry" in found
