"""The process's resource usage, by the default or a given probe."""

from __future__ import annotations

import math
import os
import sys
from collections.abc import Iterator
from typing import Any

import pytest

from tests.runtime.patience import LONG, SHORT
from tests.victor.series import values
from tests.victor.stand_ins import Hanging
from victor_monitoring.runtime.system import Usage
from victor_monitoring.victor.collector import PerformanceMetricsCollector


@pytest.fixture
def hanging() -> Iterator[Hanging]:
    component = Hanging()
    yield component
    component.free.set()


def faults(collector: PerformanceMetricsCollector) -> dict[str, str | None]:
    return {name: section.fault for name, section in collector.get_all_metrics().sections.items()}


class Probe:
    """A probe that returns the given usage."""

    def __init__(self, usage: Any) -> None:
        self._usage = usage

    def usage(self) -> Any:
        if isinstance(self._usage, Exception):
            raise self._usage
        return self._usage() if callable(self._usage) else self._usage


@pytest.mark.parametrize(
    ("usage", "fault"),
    [
        (OSError("no /proc"), "failed"),
        (None, "nonsense"),
        (Usage(math.nan, 1, 1, 1, 1), "nonsense"),
        (Usage(1, -1, 1, 1, 1), "nonsense"),
        (Usage(1, 1, 1, 1, 1), None),
    ],
)
def test_a_probe_may_be_hostile_too(usage: Any, fault: str | None) -> None:
    """A hostile probe affects the section `system` alone, and its faults are counted there."""
    collector = PerformanceMetricsCollector(deadline=LONG, probe=Probe(usage))
    assert faults(collector) == dict.fromkeys(collector.module.endpoint_of) | {"system": fault}
    section = collector.get_system_metrics()
    assert values(section, "collector_faults_total") == ({} if fault is None else {("system",): 2})
    assert ("system_memory_bytes" in section.metrics) == (fault is None)


def test_a_probe_may_hang(hanging: Hanging) -> None:
    """With a hanging probe the other sections are served."""
    collector = PerformanceMetricsCollector(deadline=SHORT, probe=Probe(hanging))
    assert faults(collector)["system"] == "timed out"
    assert "victor_tools_running" in collector.export_prometheus()


def test_processor_time_only_rises() -> None:
    """CPU seconds of a probe become a counter that does not decrease."""
    seconds = iter((1.0, 2.5, 2.5))
    collector = PerformanceMetricsCollector(
        deadline=LONG, probe=Probe(lambda: Usage(4096, next(seconds), 0.5, 7, 60))
    )
    found = [collector.get_system_metrics() for _ in range(3)]
    assert [values(each, "system_cpu_seconds_total") for each in found] == [{(): 1}, {(): 2.5}, {(): 2.5}]
    assert values(found[0], "system_cpu_cores") == {(): 0.5}
    assert values(found[0], "system_threads") == {(): 7}
    assert values(found[0], "system_uptime_seconds") == {(): 60}
    assert values(found[0], "system_memory_bytes") == {(): 4096}


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no fork")
@pytest.mark.filterwarnings("ignore:This process .* is multi-threaded:DeprecationWarning")
def test_a_forked_process_counts_its_own_time() -> None:
    """A forked process counts its own CPU seconds from 0, even if they exceed its parent's."""
    seconds = iter((5.0, 7.0))
    collector = PerformanceMetricsCollector(
        deadline=LONG, probe=Probe(lambda: Usage(4096, next(seconds), 1, 1, 60))
    )
    counter = collector.metrics.system.system_cpu_seconds_total
    collector.refresh()
    pid = os.fork()
    if pid == 0:
        collector.refresh()
        spent = next(iter(counter.collect())).samples[0].value
        os._exit(0 if spent == 5 + 7 else 1)
    assert os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) == 0
