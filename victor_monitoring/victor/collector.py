"""Victor's performance collector: registration of components and access to their metrics."""

from __future__ import annotations

from collections.abc import Callable
from threading import Lock
from typing import Final

from prometheus_client import CollectorRegistry

from victor_monitoring.runtime.reads import amount
from victor_monitoring.runtime.snapshot import Section, Snapshot
from victor_monitoring.runtime.system import Probe, ProcessProbe
from victor_monitoring.runtime.totals import RememberedTotals
from victor_monitoring.victor import cache as caches
from victor_monitoring.victor import providers, system
from victor_monitoring.victor.agent import AgentMetricsCollector, AgentReader, Observation, call_arguments
from victor_monitoring.victor.recording import RecordingCollector


class Registered:
    """A registered component; `close` unregisters it, and does nothing when called again."""

    def __init__(self, component: object, *undo: Callable[[], object]) -> None:
        self.component: Final = component
        self._undo = list(undo)

    @property
    def is_closed(self) -> bool:
        """Whether the component has been unregistered."""
        return not self._undo

    def close(self) -> None:
        """Stop reading and observing the component, and restore it to its original state."""
        while self._undo:
            self._undo.pop()()


class PerformanceMetricsCollector(RecordingCollector):
    """All performance metrics of one process of Victor.

    Components are registered unchanged and read on request. One that raises, hangs or returns impossible
    values affects its own section alone. `probe` measures the process. See `RecordingCollector` for the
    recording methods, and `runtime.collector.Collector` for the other options.
    """

    def __init__(
        self,
        *,
        registry: CollectorRegistry | None = None,
        deadline: float = 1.0,
        instance: str | None = None,
        refresh_every: float | None = None,
        probe: Probe | None = None,
    ) -> None:
        super().__init__(registry=registry, deadline=deadline, instance=instance, refresh_every=refresh_every)
        probe = ProcessProbe() if probe is None else probe
        self.register("system", probe.usage, system.SystemReader(self.metrics).use, sets=system.GAUGES)
        self._totals = RememberedTotals()
        self._registered: dict[str, list[Registered]] = {"cache": [], "agent": [], "pool": []}
        self._registering = Lock()

    def register_tool_selection_cache(self, cache: caches.ToolSelectionCache) -> Registered:
        """Register the cache; it replaces one that was registered before."""

        def register() -> Registered:
            reader = caches.CacheReader(cache, self.metrics, self._totals.of(cache), self._selections)
            read = self.register("cache", reader.ask, reader.use, sets=caches.GAUGES)
            return Registered(cache, self._selections.settle, read.close)

        return self._register("cache", cache, register, most=1)

    def unregister_tool_selection_cache(self, cache: caches.ToolSelectionCache) -> None:
        """Unregister the cache, if it is registered."""
        self._unregister("cache", cache)

    def register_agent_metrics_collector(self, agent: AgentMetricsCollector) -> Registered:
        """Register an agent's collector: observe its recorded tool executions, and read its totals.

        Any number may be registered. If `record_tool_execution` is missing or cannot be wrapped, executions
        are counted from the totals, without durations.
        """

        def register() -> Registered:
            reader = AgentReader(agent, self.metrics, self._totals.of(agent))
            selections = self.register("tool_selection", reader.ask, reader.use_selections)
            observation = Observation.of(agent, self._observe_tool_execution)
            if observation is not None:
                return Registered(agent, selections.close, observation.close)
            executions = self.register("tool_execution", reader.ask, reader.use_executions)
            return Registered(agent, selections.close, executions.close)

        return self._register("agent", agent, register)

    def unregister_agent_metrics_collector(self, agent: AgentMetricsCollector) -> None:
        """Unregister the agent's collector, if it is registered, and restore its method."""
        self._unregister("agent", agent)

    def register_provider_pool(self, pool: providers.ProviderPool) -> Registered:
        """Register the pool; it replaces one that was registered before."""

        def register() -> Registered:
            self._has_pool = True
            reader = providers.PoolReader(pool, self.metrics, self._totals.of(pool), self._requests)
            read = self.register("provider_pool", reader.ask, reader.use, sets=providers.GAUGES)
            return Registered(pool, self._without_pool, read.close)

        return self._register("pool", pool, register, most=1)

    def unregister_provider_pool(self, pool: providers.ProviderPool) -> None:
        """Unregister the pool, if it is registered."""
        self._unregister("pool", pool)

    def get_all_metrics(self) -> Snapshot:
        """Return the current metrics of all sections."""
        return self.snapshot()

    def get_tool_selection_metrics(self) -> Section:
        """Return the metrics of tool selections: outcomes by cache, durations, methods."""
        return self._section("tool_selection")

    def get_cache_metrics(self) -> Section:
        """Return the metrics of the tool selection cache: operations, entries, memory, time saved."""
        return self._section("cache")

    def get_bootstrap_metrics(self) -> Section:
        """Return the metrics of the start: phases, lazy loads, first access."""
        return self._section("bootstrap")

    def get_provider_pool_metrics(self) -> Section:
        """Return the metrics of the providers: health, requests by outcome, durations."""
        return self._section("provider_pool")

    def get_tool_execution_metrics(self) -> Section:
        """Return the metrics of tool executions: outcomes by tool, durations, number running."""
        return self._section("tool_execution")

    def get_system_metrics(self) -> Section:
        """Return the metrics of this process: memory, processor time, threads, uptime."""
        return self._section("system")

    def export_prometheus(self) -> str:
        """Return the exposition in Prometheus' text format."""
        return self.exposition().decode("utf-8")

    def _section(self, component: str) -> Section:
        return self.snapshot([component]).sections[component]

    def _register(
        self, kind: str, component: object, register: Callable[[], Registered], most: int | None = None
    ) -> Registered:
        """Call `register` and return its result; of a registered component, the earlier result."""
        with self._registering:
            registered = [each for each in self._registered[kind] if not each.is_closed]
            for each in registered:
                if each.component is component:
                    return each
            while most is not None and len(registered) >= most:
                registered.pop().close()
            self._registered[kind] = [*registered, register()]
            return self._registered[kind][-1]

    def _unregister(self, kind: str, component: object) -> None:
        with self._registering:
            for each in self._registered[kind]:
                if each.component is component:
                    each.close()
            self._registered[kind] = [each for each in self._registered[kind] if not each.is_closed]

    def _without_pool(self) -> None:
        self._has_pool = False
        self._requests.settle()
        self._show_known_providers()

    def _observe_tool_execution(self, *arguments: object, **options: object) -> None:
        with self.recording("tool_execution"):
            tool, success, elapsed_ms = call_arguments(*arguments, **options)
            milliseconds = amount(elapsed_ms)
            self._count_tool_execution(tool, success, None if milliseconds is None else milliseconds / 1000)


_lock = Lock()
_collector: PerformanceMetricsCollector | None = None


def get_performance_collector() -> PerformanceMetricsCollector:
    """Return the collector of this process, with its own registry, created at the first call."""
    global _collector  # noqa: PLW0603 - the documented call has no parameter to hold it
    with _lock:
        if _collector is None:
            _collector = PerformanceMetricsCollector()
        return _collector
