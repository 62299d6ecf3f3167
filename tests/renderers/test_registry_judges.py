"""The registry module checked by mypy, and its exposition by promtool."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

from prometheus_client import CollectorRegistry, generate_latest

from tests.renderers.registry_module import module_of, performance, text_of

RIGHT = """\
from prometheus_client import CollectorRegistry, Counter

from registry import FORMAT, METRICS, SIGNALS, Metrics, Operation


def watch(label: str) -> None:
    print(FORMAT, METRICS["victor_cache_entries"], SIGNALS["cpu"], label)


metrics = Metrics(CollectorRegistry(), on_overflow=watch)
operation: Operation = "hit"
hits: Counter = metrics.cache.cache_operations_total(cache="query", operation=operation)
hits.inc()
metrics.cache.cache_entries("context").set(5)
metrics.cache.cache_memory_bytes.set(5)
metrics.bootstrap.lazy_loads_total.inc()
metrics.tool_execution.tool_executions_total(tool=input(), outcome="failure").inc()
metrics.tool_selection.tool_selection_duration_seconds("rl").observe(0.01)
"""
WRONG = """\
from prometheus_client import CollectorRegistry

from registry import Metrics

metrics = Metrics(CollectorRegistry())
metrics.cache.cache_operations_total(cache="query", operation="hit").inc()
metrics.cache.cache_operations_total(cache="query", operation="hits").inc()  # expect: arg-type
metrics.cache.cache_operations_total("context", "miss").inc()
"""


def test_mypy_accepts_right_labels_and_refuses_a_wrong_one(tmp_path: Path) -> None:
    """The module and its use pass `mypy --strict`; a value outside a closed set is one error, on its line."""
    for name, text in {"registry": text_of(performance()), "right": RIGHT, "wrong": WRONG}.items():
        (tmp_path / f"{name}.py").write_text(text, encoding="utf-8")
    options = ["--strict", "--warn-unreachable", "--enable-error-code=redundant-expr", "--config-file="]
    command = [
        sys.executable,
        "-m",
        "mypy",
        *options,
        f"--cache-dir={tmp_path / 'cache'}",
        "--no-error-summary",
    ]
    run = subprocess.run(
        [*command, "registry.py", "right.py", "wrong.py"],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )
    found = re.findall(r"^(\S+?):(\d+): error: .*\[(\S+)\]$", run.stdout, re.MULTILINE)
    lines = enumerate(WRONG.splitlines(), 1)
    expected = [("wrong.py", str(n), line.split("expect: ")[1]) for n, line in lines if "expect: " in line]
    assert (found, run.stderr) == (expected, ""), run.stdout
    assert len(run.stdout.splitlines()) == 1


def test_promtool_accepts_the_exposition(promtool: Path) -> None:
    """`promtool check metrics` reports nothing on a fresh registry and on one in use."""
    registry = CollectorRegistry()
    metrics = module_of(performance()).Metrics(registry)
    for _ in range(2):
        exposition = generate_latest(registry)
        assert exposition.endswith(b"\n")
        run = subprocess.run(
            [promtool, "check", "metrics"], input=exposition, capture_output=True, check=False
        )
        assert (run.returncode, run.stdout, run.stderr) == (0, b"", b"")
        metrics.cache.cache_memory_bytes.set(5)
        metrics.provider_pool.provider_up("openai").set(1)
        metrics.tool_execution.tool_executions_total('a "tool"\n', "failure").inc()
        metrics.tool_execution.tool_execution_duration_seconds("bash").observe(0.2)
