"""The recording calls of Victor's collector, for data that no component reports; they never raise."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final, cast

from prometheus_client import CollectorRegistry

from victor_monitoring.runtime.collector import Collector
from victor_monitoring.runtime.reads import amount
from victor_monitoring.runtime.timing import Measured, Measurement
from victor_monitoring.runtime.totals import Tally
from victor_monitoring.victor import registry as victor_registry
from victor_monitoring.victor.providers import outcome_of
from victor_monitoring.victor.registry import (
    Cache,
    Label,
    Metrics,
    Phase,
    ProviderPoolOutcome,
    ToolExecutionOutcome,
    ToolSelectionOutcome,
)
from victor_monitoring.victor.registry import Section as FaultySection

_MOST_PROVIDERS: Final = 1000  # the limit of remembered names, to bound the memory


class RecordingCollector(Collector[Metrics]):
    """Victor's metrics, and methods that record tool selections, tool executions, providers and the start.

    Durations are in seconds. A call with an invalid value is counted as a fault of its component and logged
    once per component. The measuring methods (`tool_selection`, `tool_execution`, `provider_request`,
    `bootstrap_phase`, `lazy_load`) return context managers, plain and async, that are also decorators of
    functions and coroutines; exceptions propagate unchanged.
    """

    def __init__(
        self,
        *,
        registry: CollectorRegistry | None = None,
        deadline: float = 1.0,
        instance: str | None = None,
        refresh_every: float | None = None,
    ) -> None:
        super().__init__(
            victor_registry,
            registry=registry,
            deadline=deadline,
            on_fault=self._count_fault_of,
            on_overflow=self._count_overflow_of,
            instance=instance,
            refresh_every=refresh_every,
        )
        self._selections, self._requests = Tally(), Tally()
        self._has_pool = False
        self._providers: set[str] = set()
        # Correct before the first call: the anchors, whose presence shows that the collector works.
        self.metrics.tool_execution.tools_running.set(0)
        self.metrics.provider_pool.providers_configured.set(0)

    def record_tool_selection(self, cache: Cache, hit: bool, seconds: float) -> None:
        """Record one tool selection: the cache, whether it was a hit, and the total duration.

        If the cache is registered, its statistics are assumed to include this lookup; it is counted once.
        """
        with self.recording("tool_selection"):
            outcome: ToolSelectionOutcome = "hit" if hit else "miss"
            counter = self.metrics.tool_selection.tool_selections_total(cache, outcome)
            counter.inc(self._selections.call((cache, outcome)))
            self.metrics.tool_selection.tool_selection_duration_seconds(cache).observe(_duration(seconds))

    def tool_selection(self, cache: Cache, is_hit: Callable[[Any], bool] | None = None) -> Measured:
        """Measure one tool selection; a miss unless the body sets `outcome = "hit"` on the measurement.

        For a decorated function, `is_hit` decides by its return value.
        """

        def end(done: Measurement) -> None:
            hit = done.outcome == "hit"
            if is_hit is not None and done.error is None:
                with self.recording("tool_selection"):
                    hit = bool(is_hit(done.result))
            self.record_tool_selection(cache, hit, done.seconds)

        return self._measured(end)

    def record_tool_execution(self, tool: str, success: bool, seconds: float) -> None:
        """Record one finished tool call."""
        with self.recording("tool_execution"):
            self._count_tool_execution(tool, success, seconds)

    def tool_execution(self, tool: str) -> Measured:
        """Measure one tool call; a failure if it raises or sets `outcome = "failure"` on the measurement."""

        def start() -> None:
            with self.recording("tool_execution"):
                self.metrics.tool_execution.tools_running.inc()

        def end(done: Measurement) -> None:
            with self.recording("tool_execution"):
                self.metrics.tool_execution.tools_running.dec()
            self.record_tool_execution(tool, done.error is None and done.outcome != "failure", done.seconds)

        return Measured(start, end)

    def record_provider_request(self, provider: str, outcome: ProviderPoolOutcome, seconds: float) -> None:
        """Record one request to a provider; counted once even if a registered pool counts it, too."""
        with self.recording("provider_pool"):
            self._remember(provider)
            counter = self.metrics.provider_pool.provider_requests_total(provider, outcome)
            name = str(provider)
            counter.inc(self._requests.call((name, outcome)) if name in self._providers else 1)
            self.metrics.provider_pool.provider_request_duration_seconds(provider).observe(_duration(seconds))

    def provider_request(self, provider: str) -> Measured:
        """Measure one request to a provider; the outcome is set on the measurement or follows the error."""

        def end(done: Measurement) -> None:
            with self.recording("provider_pool"):
                outcome = done.outcome or outcome_of(done.error)
                self.record_provider_request(provider, cast("ProviderPoolOutcome", outcome), done.seconds)

        return self._measured(end)

    def set_provider_health(self, provider: str, healthy: bool) -> None:
        """Record whether a provider is healthy now."""
        with self.recording("provider_pool"):
            self._remember(provider)
            self.metrics.provider_pool.provider_up(provider).set(1 if healthy else 0)
            self.reveal("provider_pool", "provider_up")

    def record_bootstrap_phase(self, phase: Phase, seconds: float) -> None:
        """Record the duration of a phase of this start."""
        with self.recording("bootstrap"):
            self.metrics.bootstrap.bootstrap_phase_seconds(phase).set(_duration(seconds))

    def bootstrap_phase(self, phase: Phase) -> Measured:
        """Measure a phase of this start, including one that raises."""
        return self._measured(lambda done: self.record_bootstrap_phase(phase, done.seconds))

    def record_lazy_load(self, seconds: float) -> None:
        """Record that a part was loaded on first use, and the duration."""
        with self.recording("bootstrap"):
            duration = _duration(seconds)
            self.metrics.bootstrap.lazy_loads_total.inc()
            self.metrics.bootstrap.lazy_load_seconds_total.inc(duration)

    def lazy_load(self) -> Measured:
        """Measure the loading of a part on first use."""
        return self._measured(lambda done: self.record_lazy_load(done.seconds))

    def record_first_access(self, seconds: float) -> None:
        """Record the time that lazy loading has added to the first request."""
        with self.recording("bootstrap"):
            self.metrics.bootstrap.first_access_seconds.set(_duration(seconds))

    def _count_tool_execution(self, tool: object, success: object, seconds: object) -> None:
        """Count one tool call even if its duration is invalid. Raise ValueError for the duration, then."""
        metrics, name = self.metrics.tool_execution, cast("str", tool)  # the registry takes any value
        outcome: ToolExecutionOutcome = "success" if success else "failure"
        metrics.tool_executions_total(name, outcome).inc()
        metrics.tool_execution_duration_seconds(name).observe(_duration(seconds))

    def _measured(self, end: Callable[[Measurement], object]) -> Measured:
        return Measured(lambda: None, end)

    def _remember(self, provider: str) -> None:
        """Remember a provider's name; without a registered pool, show the number of names."""
        if len(self._providers) < _MOST_PROVIDERS:
            self._providers.add(str(provider))
        if not self._has_pool:
            self._show_known_providers()

    def _show_known_providers(self) -> None:
        self.metrics.provider_pool.providers_configured.set(len(self._providers))
        self.reveal("provider_pool", "providers_configured")

    def _count_fault_of(self, component: str) -> None:
        self.metrics.system.collector_faults_total(cast("FaultySection", component)).inc()

    def _count_overflow_of(self, label: str) -> None:
        self.metrics.system.label_overflows_total(cast("Label", label)).inc()


def _duration(seconds: object) -> float:
    """Return the seconds. Raise ValueError if invalid: a histogram would never get rid of a NaN."""
    found = amount(seconds)
    if found is None:
        raise ValueError(f"`{seconds!r}` is no duration in seconds")
    return found
