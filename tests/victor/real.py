"""A script for an environment with the real Victor: register its own collector, unmodified.

Prints the observed values as JSON.
"""

from __future__ import annotations

import json
import sys
from typing import Any

# Only the environment that runs this file has Victor.
from victor.agent.metrics_collector import (  # type: ignore[import-not-found, unused-ignore] # see above
    MetricsCollector,
    MetricsCollectorConfig,
)

from tests.victor.series import durations, values
from victor_monitoring.victor.collector import PerformanceMetricsCollector


class UsageLogger:
    """A logger that ignores Victor's usage events."""

    def log_event(self, *_: Any, **__: Any) -> None:
        """Ignore the event."""


def main() -> None:
    """Register, record, read and unregister."""
    agent = MetricsCollector(config=MetricsCollectorConfig(), usage_logger=UsageLogger())
    collector = PerformanceMetricsCollector(deadline=30)
    before = dict(vars(agent))
    agent.record_tool_execution("grep", True, 1.0)
    collector.register_agent_metrics_collector(agent)
    for success, elapsed_ms in ((True, 20.0), (True, 700.0), (False, 3000.0)):
        agent.record_tool_execution("grep", success, elapsed_ms)
    agent.record_tool_execution(tool_name="edit", success=True, elapsed_ms=4.0)
    agent.record_tool_selection("semantic", 3)
    agent.record_tool_selection("fallback", 1)
    sections = collector.get_all_metrics().sections
    execution = sections["tool_execution"]
    (grep,) = (
        each
        for each in execution.metrics["tool_execution_duration_seconds"]
        if each.labels == {"tool": "grep"}
    )
    collector.unregister_agent_metrics_collector(agent)
    agent.record_tool_execution("grep", True, 1.0)
    seen = {
        "faults": {name: section.fault for name, section in sections.items() if section.fault},
        "executions": [
            [*labels, calls] for labels, calls in values(execution, "tool_executions_total").items()
        ],
        "durations": durations(execution, "tool_execution_duration_seconds"),
        "buckets": getattr(grep, "buckets", None),
        "methods": [
            [*labels, selections]
            for labels, selections in values(
                sections["tool_selection"], "tool_selection_methods_total"
            ).items()
        ],
        "restored": vars(agent).keys() == before.keys()
        and agent.record_tool_execution.__func__ is MetricsCollector.record_tool_execution,
        "after": durations(collector.get_tool_execution_metrics(), "tool_execution_duration_seconds"),
        "own": agent.get_tool_usage_stats()["tool_stats"]["grep"]["total_calls"],
    }
    json.dump(seen, sys.stdout)


if __name__ == "__main__":
    main()
