"""Two uvicorn workers of one service: each exposes the metrics of both."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterable, Iterator
from pathlib import Path

import httpx
import pytest
from prometheus_client import Metric
from prometheus_client.parser import text_string_to_metric_families

from tests.runtime.patience import LONG, stop

ROOT = Path(__file__).resolve().parents[2]

# Each request to /work is a tool execution and a lookup in the worker's own cache; it returns the pid.
APP = """
import os
from tests.victor.stand_ins import Agent, Cache
from victor_monitoring.victor.collector import PerformanceMetricsCollector

collector = PerformanceMetricsCollector(refresh_every=0.2)
cache, agent = Cache(), Agent()
collector.register_tool_selection_cache(cache)
collector.register_agent_metrics_collector(agent)

async def app(scope, receive, send):
    assert scope["type"] == "http"
    if scope["path"] == "/work":
        agent.record_tool_execution("grep", True, 20.0)
        cache.lookups["query"]["hits"] += 1
        with collector.provider_request("openai"):
            body = str(os.getpid()).encode()
    else:
        body = collector.exposition()
    await send({"type": "http.response.start", "status": 200, "headers": []})
    await send({"type": "http.response.body", "body": body})
"""


@pytest.fixture
def url(tmp_path: Path) -> Iterator[str]:
    """Run the service with two workers and yield its URL."""
    (tmp_path / "app.py").write_text(APP, encoding="utf-8")
    metrics = tmp_path / "metrics"
    metrics.mkdir()
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    environment = os.environ | {"PROMETHEUS_MULTIPROC_DIR": str(metrics), "PYTHONPATH": str(ROOT)}
    command = [sys.executable, "-m", "uvicorn", "app:app", "--workers=2", f"--port={port}", "--lifespan=off"]
    with (tmp_path / "log").open("w") as log:
        server = subprocess.Popen(command, cwd=tmp_path, env=environment, stdout=log, stderr=log)
    try:
        yield f"http://127.0.0.1:{port}"
    finally:
        stop(server)


def get(url: str) -> bytes:
    """Return the response on a new connection, so that any worker may serve it; wait for the service."""
    end = time.monotonic() + 2 * LONG
    while True:
        try:
            return httpx.get(url, timeout=LONG).raise_for_status().content
        except httpx.ConnectError:
            assert time.monotonic() < end, "the service never came up"
            time.sleep(0.05)


def total(families: Iterable[Metric], name: str, **labels: str) -> float:
    return sum(
        sample.value
        for family in families
        for sample in family.samples
        if sample.name == name and labels.items() <= sample.labels.items()
    )


@pytest.mark.skipif(sys.platform == "win32", reason="a signal that ends a process group")
def test_two_workers_report_exact_totals(url: str) -> None:
    """Recorded and read totals include every request, whichever worker is scraped."""
    served: Counter[bytes] = Counter()
    end = time.monotonic() + 2 * LONG
    while len(served) < 2 or sum(served.values()) < 60:
        served[get(f"{url}/work")] += 1
        assert time.monotonic() < end, f"one worker has served everything: {served}"
    requests = sum(served.values())

    def scraped() -> list[Metric]:
        return list(text_string_to_metric_families(get(f"{url}/metrics").decode()))

    for _ in range(10):
        found = scraped()
        assert total(found, "victor_tool_executions_total", tool="grep", outcome="success") == requests
        assert total(found, "victor_tool_execution_duration_seconds_count") == requests
        assert total(found, "victor_provider_requests_total", provider="openai") == requests
    hits = {"cache": "query", "operation": "hit"}
    while (read := total(scraped(), "victor_cache_operations_total", **hits)) < requests:
        assert time.monotonic() < end, f"{read} of {requests} hits, {served}"
    found = scraped()
    assert read == total(found, "victor_cache_operations_total", **hits) == requests
    assert total(found, "victor_cache_max_entries", cache="query") == 2 * 1000
    assert total(found, "victor_system_memory_bytes") > 2 * 10_000_000  # both workers
    assert total(found, "victor_tools_running") == 0
