"""A scrape through the collector, against `generate_latest` of prometheus_client."""

from __future__ import annotations

from prometheus_client import CollectorRegistry, Counter, disable_created_metrics, generate_latest

from tests.benchmarks.rows import paired, row
from tests.victor.stand_ins import Agent, Cache, Pool
from victor_monitoring.victor.collector import PerformanceMetricsCollector

_SERIES = 10_000
_PAIRS = 25


def measure() -> None:
    """Measure Victor's collector with every kind of component, on a registry with ten thousand series."""
    disable_created_metrics()  # type: ignore[no-untyped-call] # the client's; so that a series is one line
    registry = CollectorRegistry()
    collector = PerformanceMetricsCollector(registry=registry)
    collector.register_tool_selection_cache(Cache())
    collector.register_agent_metrics_collector(Agent())
    collector.register_provider_pool(Pool({"openai": {"healthy": True, "successes": 3}}))
    collector.refresh()
    lines = generate_latest(registry).splitlines()
    own = sum(not line.startswith(b"#") for line in lines)
    counter = Counter("calls_total", "Calls.", ("place", "outcome"), registry=registry)
    for number in range(_SERIES - own):
        counter.labels(f"place {number}", "success").inc()
    row(
        f"a scrape of {_SERIES:,} series through the collector, four components read",
        "`generate_latest`, the same registry",
        *paired(collector.exposition, lambda: generate_latest(registry), _PAIRS),
    )
