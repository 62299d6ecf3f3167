"""The agent's metrics collector: its tool executions observed one by one, its totals read."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any, Final, Protocol

from victor_monitoring.runtime.reads import ComponentReport
from victor_monitoring.runtime.totals import Totals
from victor_monitoring.victor.registry import Method, Metrics, ToolExecutionOutcome

_METHOD: Final = "record_tool_execution"
_SELECTIONS: Final[dict[Method, str]] = {
    "semantic": "semantic_selections",
    "keyword": "keyword_selections",
    "fallback": "fallback_selections",
}
_STATS: Final = "get_tool_usage_stats()"
_NONE: Final = object()


class AgentMetricsCollector(Protocol):
    """What the collector asks of an agent's metrics collector; `record_tool_execution` may be missing."""

    def get_tool_usage_stats(self) -> object:
        """A mapping with `selection_stats` and `tool_stats`."""


class Observation:
    """Calls of an object's `record_tool_execution`, handed to `tell` before the object gets them.

    The totals give no percentiles; these calls do. `tell` gets the arguments as they are, and must not raise.
    """

    def __init__(self, agent: object, tell: Callable[..., object]) -> None:
        self._agent = agent
        original: Callable[..., Any] = getattr(agent, _METHOD)
        self._before = _own_attribute(agent)
        self._is_closed = False

        @functools.wraps(original)
        def record_tool_execution(*arguments: Any, **options: Any) -> Any:
            if not self._is_closed:
                tell(*arguments, **options)
            return original(*arguments, **options)

        self._observer = record_tool_execution
        setattr(agent, _METHOD, record_tool_execution)

    @classmethod
    def of(cls, agent: object, tell: Callable[..., object]) -> Observation | None:
        """An observation; None of an object that has no such method, or does not let it be replaced."""
        try:
            return cls(agent, tell) if callable(getattr(agent, _METHOD, None)) else None
        except Exception:  # noqa: BLE001 - whatever keeps it from being observed, its totals can be read
            return None

    def close(self) -> None:
        """Makes the object what it was. If somebody else has wrapped the method since, theirs stays."""
        self._is_closed = True
        if getattr(self._agent, _METHOD, None) is not self._observer:
            return
        if self._before is _NONE:
            delattr(self._agent, _METHOD)
        else:
            setattr(self._agent, _METHOD, self._before)


def _own_attribute(agent: object) -> object:
    """The method as an attribute of the object itself, `_NONE` where it is its class's."""
    if hasattr(type(getattr(type(agent), _METHOD, None)), "__set__"):  # a slot
        return getattr(agent, _METHOD)
    return getattr(agent, "__dict__", {}).get(_METHOD, _NONE)


def call_arguments(
    tool_name: object, success: object, elapsed_ms: object, *_: object, **__: object
) -> tuple[object, object, object]:
    """What a call of the observed method tells, whatever else a later version passes."""
    return tool_name, success, elapsed_ms


class AgentReader:
    """Puts the totals of one agent's metrics collector into metrics."""

    def __init__(self, agent: AgentMetricsCollector, metrics: Metrics, totals: Totals) -> None:
        self._agent, self._metrics, self._totals = agent, metrics, totals

    def ask(self) -> object:
        """What the agent's collector says now."""
        return self._agent.get_tool_usage_stats()

    def use_selections(self, answer: object) -> None:
        """Takes how tools were selected. Raises Nonsense where a part of it cannot be true."""
        stats = ComponentReport(answer, _STATS)
        selections = stats.part("selection_stats")
        for method, key in _SELECTIONS.items():
            if (total := selections.amount(key)) is not None:
                gained = self._totals.increment(key, total)
                self._metrics.tool_selection.tool_selection_methods_total(method).inc(gained)
        stats.judge()

    def use_executions(self, answer: object) -> None:
        """Takes how often each tool was called: no durations, since totals have none to tell."""
        stats = ComponentReport(answer, _STATS)
        tools = stats.part("tool_stats")
        for tool in tools:
            for outcome, total in _calls(tools.part(tool)).items():
                if gained := self._totals.increment((tool, outcome), total):
                    self._metrics.tool_execution.tool_executions_total(str(tool), outcome).inc(gained)
        stats.judge()


def _calls(stats: ComponentReport) -> dict[ToolExecutionOutcome, float]:
    """The calls of a tool by outcome; where one outcome is missing, what the other leaves of the total."""
    total = stats.amount("total_calls")
    success, failure = stats.amount("successful_calls"), stats.amount("failed_calls")
    if total is not None and failure is None and success is not None:
        failure = max(0.0, total - success)
    elif total is not None and success is None and failure is not None:
        success = max(0.0, total - failure)
    known: dict[ToolExecutionOutcome, float | None] = {"success": success, "failure": failure}
    return {outcome: calls for outcome, calls in known.items() if calls is not None}
