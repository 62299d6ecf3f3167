"""An agent's metrics collector is observed while registered, and restored afterwards."""

from __future__ import annotations

import inspect
from typing import Any

import pytest

from tests.victor import series
from tests.victor.stand_ins import Agent
from victor_monitoring.runtime.snapshot import Distribution
from victor_monitoring.victor.collector import PerformanceMetricsCollector


@pytest.fixture
def collector() -> PerformanceMetricsCollector:
    return PerformanceMetricsCollector(deadline=30)


def executions(collector: PerformanceMetricsCollector) -> dict[tuple[str, ...], float]:
    return series.values(collector.get_tool_execution_metrics(), "tool_executions_total")


def durations(collector: PerformanceMetricsCollector) -> dict[str, tuple[float, float]]:
    return series.durations(collector.get_tool_execution_metrics(), "tool_execution_duration_seconds")


def test_each_execution_is_observed_with_tool_outcome_and_duration(
    collector: PerformanceMetricsCollector,
) -> None:
    """Calls with positional and keyword arguments are observed, and work as before."""
    agent = Agent()
    agent.record_tool_execution("grep", True, 1)  # before the first read
    collector.register_agent_metrics_collector(agent)
    assert agent.record_tool_execution("grep", True, 20.0) == "recorded grep"
    assert inspect.signature(agent.record_tool_execution) == inspect.signature(Agent().record_tool_execution)
    agent.record_tool_execution("grep", False, elapsed_ms=30)
    agent.record_tool_execution(tool_name="edit", success=True, elapsed_ms=1500.0)
    assert executions(collector) == {("grep", "success"): 1, ("grep", "failure"): 1, ("edit", "success"): 1}
    assert durations(collector) == {"grep": (2, pytest.approx(0.05)), "edit": (1, 1.5)}
    assert agent.tools["grep"]["total_calls"] == 3
    grep = collector.get_tool_execution_metrics().metrics["tool_execution_duration_seconds"][0]
    assert isinstance(grep, Distribution)
    assert (grep.buckets["0.01"], grep.buckets["0.05"]) == (0, 2)


def test_the_object_is_restored(collector: PerformanceMetricsCollector) -> None:
    """After unregistration the object has its original attributes and method."""
    agent, other = Agent(), Agent()
    before = dict(vars(agent))
    collector.register_agent_metrics_collector(agent)
    collector.register_agent_metrics_collector(agent)
    assert vars(agent) != before
    assert "record_tool_execution" not in vars(other)
    collector.unregister_agent_metrics_collector(agent)
    collector.unregister_agent_metrics_collector(agent)
    assert vars(agent) == before
    assert agent.record_tool_execution.__func__ is Agent.record_tool_execution  # type: ignore[attr-defined] # a bound method
    agent.record_tool_execution("grep", True, 1)
    assert executions(collector) == {}


def test_a_method_of_the_object_itself_is_restored(collector: PerformanceMetricsCollector) -> None:
    """A method in the object's own `__dict__` is restored as the same function."""
    agent: Any = Agent()
    calls = []

    def own(*arguments: Any) -> None:
        calls.append(arguments)

    agent.record_tool_execution = own
    registered = collector.register_agent_metrics_collector(agent)
    agent.record_tool_execution("grep", True, 1)
    registered.close()
    assert agent.record_tool_execution is own
    assert calls == [("grep", True, 1)]
    assert executions(collector) == {("grep", "success"): 1}


def test_an_object_with_slots_is_restored(collector: PerformanceMetricsCollector) -> None:
    """A method in a slot is restored as the same function."""

    class Slotted:
        __slots__ = ("record_tool_execution",)

        def get_tool_usage_stats(self) -> dict[str, Any]:
            return {}

    def own(*_: Any) -> None:
        """Do nothing."""

    agent: Any = Slotted()
    agent.record_tool_execution = own
    registered = collector.register_agent_metrics_collector(agent)
    agent.record_tool_execution("grep", True, 1)
    registered.close()
    assert agent.record_tool_execution is own
    assert executions(collector) == {("grep", "success"): 1}


def test_a_later_wrapper_stays(collector: PerformanceMetricsCollector) -> None:
    """A wrapper added after the observation remains and works, without being counted."""
    agent: Any = Agent()
    calls = []
    registered = collector.register_agent_metrics_collector(agent)
    ours = agent.record_tool_execution

    def theirs(*arguments: Any) -> Any:
        calls.append(arguments)
        return ours(*arguments)

    agent.record_tool_execution = theirs
    registered.close()
    assert agent.record_tool_execution is theirs
    assert agent.record_tool_execution("grep", True, 1) == "recorded grep"
    assert calls == [("grep", True, 1)]
    assert executions(collector) == {}


def test_an_object_that_cannot_be_observed_has_its_totals_counted(
    collector: PerformanceMetricsCollector,
) -> None:
    """Its method is unchanged, and its totals are read."""

    class Closed(Agent):
        def __setattr__(self, name: str, value: object) -> None:
            if name == "record_tool_execution":
                raise PermissionError
            super().__setattr__(name, value)

    agent = Closed()
    collector.register_agent_metrics_collector(agent)
    agent.record_tool_execution("grep", True, 5.0)
    assert executions(collector) == {("grep", "success"): 1}
    assert durations(collector) == {}


@pytest.mark.parametrize(
    "arguments", [(), ("grep",), ("grep", True), ("grep", True, 1, "more", "still more")]
)
def test_the_objects_own_errors_propagate(
    collector: PerformanceMetricsCollector, arguments: tuple[Any, ...]
) -> None:
    """A call that the object refuses raises the object's own exception."""
    agent, observed = Agent(), Agent()
    collector.register_agent_metrics_collector(observed)
    with pytest.raises(TypeError) as own:
        agent.record_tool_execution(*arguments)
    with pytest.raises(TypeError) as caught:
        observed.record_tool_execution(*arguments)
    assert str(caught.value) == str(own.value)


@pytest.mark.parametrize("elapsed_ms", [None, float("nan"), float("inf"), -1, "fast", 10**400])
def test_an_invalid_duration_is_not_observed(collector: PerformanceMetricsCollector, elapsed_ms: Any) -> None:
    """The call and the fault are counted, and the histogram is unchanged."""

    class Careless(Agent):
        def record_tool_execution(self, tool_name: str, success: bool, elapsed_ms: float) -> str:
            return "whatever"

    agent = Careless()
    collector.register_agent_metrics_collector(agent)
    assert agent.record_tool_execution("grep", True, elapsed_ms) == "whatever"
    agent.record_tool_execution("grep", True, 500)
    assert executions(collector) == {("grep", "success"): 2}
    assert durations(collector) == {"grep": (1, 0.5)}
    faults = series.values(collector.get_system_metrics(), "collector_faults_total")
    assert faults == {("tool_execution",): 1}


def test_two_collectors_may_observe_one_object(collector: PerformanceMetricsCollector) -> None:
    """Both count every call; the object is restored if they close in reverse order."""
    agent, second = Agent(), PerformanceMetricsCollector(deadline=30)
    collector.register_agent_metrics_collector(agent)
    second.register_agent_metrics_collector(agent)
    agent.record_tool_execution("grep", True, 1)
    second.unregister_agent_metrics_collector(agent)
    agent.record_tool_execution("grep", True, 1)
    collector.unregister_agent_metrics_collector(agent)
    assert "record_tool_execution" not in vars(agent)
    assert (executions(collector), executions(second)) == (
        {("grep", "success"): 2}, {("grep", "success"): 1}
    )  # fmt: skip
