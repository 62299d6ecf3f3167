"""The reader of the process's own resource usage."""

from __future__ import annotations

import os
from dataclasses import asdict
from typing import Final

from victor_monitoring.runtime.reads import ComponentReport
from victor_monitoring.runtime.system import Usage
from victor_monitoring.runtime.totals import Totals
from victor_monitoring.victor.registry import Metrics

GAUGES: Final = ("system_memory_bytes", "system_cpu_cores", "system_threads", "system_uptime_seconds")


class SystemReader:
    """Sets the metrics of the component `system` from a probe."""

    def __init__(self, metrics: Metrics) -> None:
        self._metrics = metrics.system
        self._totals = Totals()
        self._pid = os.getpid()

    def use(self, answer: object) -> None:
        """Set the metrics from a `Usage`. Raise InvalidReading if any of its values is impossible."""
        usage = ComponentReport(asdict(answer) if isinstance(answer, Usage) else answer, "usage()")
        if (memory := usage.amount("memory")) is not None:
            self._metrics.system_memory_bytes.set(memory)
        if (seconds := usage.amount("cpu_seconds")) is not None:
            self._metrics.system_cpu_seconds_total.inc(self._own_totals().increment("cpu", seconds))
        if (cores := usage.amount("cores")) is not None:
            self._metrics.system_cpu_cores.set(cores)
        if (threads := usage.amount("threads")) is not None:
            self._metrics.system_threads.set(threads)
        if (uptime := usage.amount("uptime")) is not None:
            self._metrics.system_uptime_seconds.set(uptime)
        usage.raise_if_invalid()

    def _own_totals(self) -> Totals:
        """Return the totals of this process; a forked process starts at 0, not at its parent's CPU time."""
        if self._pid != os.getpid():
            self._totals, self._pid = Totals(), os.getpid()
        return self._totals
