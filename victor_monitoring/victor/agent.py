"""The reader of the agent's metrics collector: each tool execution is observed, the totals are read."""

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
    """The interface of an agent's metrics collector; `record_tool_execution` is optional."""

    def get_tool_usage_stats(self) -> object:
        """Return a mapping with `selection_stats` and `tool_stats`."""


class Observation:
    """A wrapper of an object's `record_tool_execution` that calls `observe` before the original.

    The calls have durations, which the totals do not. `observe` gets the same arguments and must not raise.
    """

    def __init__(self, agent: object, observe: Callable[..., object]) -> None:
        self._agent = agent
        original: Callable[..., Any] = getattr(agent, _METHOD)
        self._before = _own_attribute(agent)
        self._is_closed = False

        @functools.wraps(original)
        def record_tool_execution(*arguments: Any, **options: Any) -> Any:
            if not self._is_closed:
                observe(*arguments, **options)
            return original(*arguments, **options)

        self._observer = record_tool_execution
        setattr(agent, _METHOD, record_tool_execution)

    @classmethod
    def of(cls, agent: object, observe: Callable[..., object]) -> Observation | None:
        """Wrap the method and return the observation; None if it is missing or cannot be replaced."""
        try:
            return cls(agent, observe) if callable(getattr(agent, _METHOD, None)) else None
        except Exception:  # noqa: BLE001 - without an observation, the totals are read
            return None

    def close(self) -> None:
        """Restore the original method, unless other code has wrapped it since; that wrapper stays."""
        self._is_closed = True
        if getattr(self._agent, _METHOD, None) is not self._observer:
            return
        if self._before is _NONE:
            delattr(self._agent, _METHOD)
        else:
            setattr(self._agent, _METHOD, self._before)


def _own_attribute(agent: object) -> object:
    """Return the method if it is an attribute of the object itself, `_NONE` if of its class."""
    if hasattr(type(getattr(type(agent), _METHOD, None)), "__set__"):  # a slot
        return getattr(agent, _METHOD)
    return getattr(agent, "__dict__", {}).get(_METHOD, _NONE)


def call_arguments(
    tool_name: object, success: object, elapsed_ms: object, *_: object, **__: object
) -> tuple[object, object, object]:
    """Return the known arguments of an observed call; ignore those of later versions."""
    return tool_name, success, elapsed_ms


class AgentReader:
    """Sets the metrics of tools from the totals of one agent's metrics collector."""

    def __init__(self, agent: AgentMetricsCollector, metrics: Metrics, totals: Totals) -> None:
        self._agent, self._metrics, self._totals = agent, metrics, totals

    def ask(self) -> object:
        """Return the current totals of the agent's collector."""
        return self._agent.get_tool_usage_stats()

    def use_selections(self, answer: object) -> None:
        """Count tool selections by method. Raise InvalidReading if any value is impossible."""
        stats = ComponentReport(answer, _STATS)
        selections = stats.part("selection_stats")
        for method, key in _SELECTIONS.items():
            if (total := selections.amount(key)) is not None:
                gained = self._totals.increment(key, total)
                self._metrics.tool_selection.tool_selection_methods_total(method).inc(gained)
        stats.raise_if_invalid()

    def use_executions(self, answer: object) -> None:
        """Count tool calls by outcome, without durations. Raise InvalidReading if any value is impossible."""
        stats = ComponentReport(answer, _STATS)
        tools = stats.part("tool_stats")
        for tool in tools:
            for outcome, total in _calls(tools.part(tool)).items():
                if gained := self._totals.increment((tool, outcome), total):
                    self._metrics.tool_execution.tool_executions_total(str(tool), outcome).inc(gained)
        stats.raise_if_invalid()


def _calls(stats: ComponentReport) -> dict[ToolExecutionOutcome, float]:
    """Return the calls of a tool by outcome; compute a missing one from the total and the other."""
    total = stats.amount("total_calls")
    success, failure = stats.amount("successful_calls"), stats.amount("failed_calls")
    if total is not None and failure is None and success is not None:
        failure = max(0.0, total - success)
    elif total is not None and success is None and failure is not None:
        success = max(0.0, total - failure)
    known: dict[ToolExecutionOutcome, float | None] = {"success": success, "failure": failure}
    return {outcome: calls for outcome, calls in known.items() if calls is not None}
