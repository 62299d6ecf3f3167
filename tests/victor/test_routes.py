"""The guide's endpoints over HTTP."""

from __future__ import annotations

import itertools
import subprocess
import sys
from typing import Any

import pytest
from fastapi import FastAPI

import victor_monitoring
from tests.runtime.rest.client import ask, get
from victor_monitoring import PerformanceMetricsCollector, register_performance_routes
from victor_monitoring.runtime.evaluator import Evaluator
from victor_monitoring.runtime.registry_module import UnknownContextError
from victor_monitoring.runtime.rest import register_routes
from victor_monitoring.victor import registry

# The guide's seven endpoints, each with its components.
SECTIONS = {
    "summary": {"tool_selection", "cache", "bootstrap", "provider_pool", "tool_execution", "system"},
    "cache": {"tool_selection", "cache"},
    "providers": {"provider_pool"},
    "tools": {"tool_execution"},
    "system": {"system"},
    "bootstrap": {"bootstrap"},
}


class Cache:
    """A tool selection cache with some traffic."""

    def __init__(self) -> None:
        self.counts = {"hits": 3, "misses": 1, "evictions": 0, "total_entries": 4, "utilization": 0.04}

    def get_stats(self) -> dict[str, Any]:
        return {"enabled": True, "max_size": 100, "namespaces": {"query": self.counts}}


def test_the_guides_endpoints_answer() -> None:
    """The guide's seven endpoints below `/api/performance` respond."""
    app, collector = FastAPI(), PerformanceMetricsCollector()
    register_performance_routes(app, collector)
    collector.register_tool_selection_cache(Cache())
    for name, components in SECTIONS.items():
        answer = ask(app, f"/api/performance/{name}")
        assert answer["service"] == "victor-performance"
        assert set(answer["sections"]) == components
    operations = ask(app, "/api/performance/cache")["sections"]["cache"]["metrics"]["cache_operations_total"]
    assert {"labels": {"cache": "query", "operation": "hit"}, "value": 3.0} in operations
    for path in ("/api/performance/prometheus", "/metrics"):
        assert 'victor_cache_operations_total{cache="query",operation="hit"} 3.0\n' in get(app, path).text


def test_alerts_and_health_are_added() -> None:
    """`alerts` has every alert that the process evaluates, `health` a verdict and the score."""
    app = FastAPI()
    register_performance_routes(app, PerformanceMetricsCollector())
    names = [alert["name"] for alert in ask(app, "/api/performance/alerts")["alerts"]]
    assert {"HighCacheMissRate", "PerformanceCritical"} < set(names)
    health = ask(app, "/api/performance/health")
    assert [score["signal"] for score in health["scores"]] == ["health_score"]


def test_the_hit_rate_leads_the_cache() -> None:
    """`/api/performance/cache` begins with the hit rate, its text, and the states of its alerts."""
    app, collector, cache = FastAPI(), PerformanceMetricsCollector(), Cache()
    clock = itertools.count(1_000_000, 15)
    evaluator = Evaluator(registry, collector.collect, clock=lambda: now)
    register_routes(app, collector, evaluator, prefix="/api/performance")
    collector.register_tool_selection_cache(cache)
    for now in itertools.islice(clock, 21):  # noqa: B007 - the clock of the evaluator
        cache.counts["hits"] += 756
        cache.counts["misses"] += 244
        evaluator.sample()
    section, *_ = ask(app, "/api/performance/cache")["sections"].items()
    evaluator.stop()
    name, signal = next(iter(section[1]["signals"].items()))
    assert (section[0], name, signal["text"]) == ("cache", "cache_hit_ratio", "75.6%")
    assert abs(signal["value"] - 0.756) < 1e-9
    assert {name: (each["when"], each["state"]) for name, each in signal["alerts"].items()} == {
        "HighCacheMissRate": ("< 40%", "inactive"),
        "CriticalCacheMissRate": ("< 20%", "inactive"),
    }
    assert signal["query"].startswith("job_kubernetes_namespace:victor_cache_hit_ratio:")


def test_alerts_are_those_of_a_context() -> None:
    """Alerts have the context's thresholds and queries; an unknown context is an error."""
    found = {}
    for context in (None, "prod"):
        app = FastAPI()
        register_performance_routes(app, PerformanceMetricsCollector(), context=context)
        answer = ask(app, "/api/performance/alerts")
        limits = {alert["name"]: alert["when"] for alert in answer["alerts"]}
        found[context] = (answer["context"], limits["HighMemoryUsage"], limits["CriticalMemoryUsage"])
    assert found == {None: (None, "> 1GiB", "> 2GiB"), "prod": ("prod", "> 4GiB", "> 8GiB")}
    query = ask(app, "/api/performance/system")["sections"]["system"]["signals"]["cpu"]["query"]
    assert 'kubernetes_namespace="victor-production"' in query
    with pytest.raises(UnknownContextError, match="has no context `production`"):
        register_performance_routes(FastAPI(), PerformanceMetricsCollector(), context="production")


def test_the_process_has_one_collector(monkeypatch: pytest.MonkeyPatch) -> None:
    """Routes use the collector of `get_performance_collector` unless another is passed."""
    monkeypatch.setattr("victor_monitoring.victor.collector._collector", None)
    app = FastAPI()
    register_performance_routes(app)
    victor_monitoring.get_performance_collector().metrics.provider_pool.providers_configured.set(7)
    metrics = ask(app, "/api/performance/providers")["sections"]["provider_pool"]["metrics"]
    assert metrics["providers_configured"] == [{"labels": {}, "value": 7.0}]


def test_optional_modules_are_not_loaded() -> None:
    """The collector is imported without FastAPI, and the package without either."""
    code = """
import sys, victor_monitoring
assert not {"fastapi", "prometheus_client"} & set(sys.modules)
victor_monitoring.get_performance_collector
assert not {"fastapi", "starlette", "pydantic", "pydantic_core", "yaml"} & set(sys.modules)
victor_monitoring.register_performance_routes
assert "fastapi" in sys.modules and "yaml" not in sys.modules
"""
    subprocess.run([sys.executable, "-c", code], check=True)
