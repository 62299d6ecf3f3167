"""Victor's collector: its components registered, its sections read."""

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
    """A component that is registered; `close` undoes it, and does nothing the second time."""

    def __init__(self, component: object, *undo: Callable[[], object]) -> None:
        self.component: Final = component
        self._undo = list(undo)

    @property
    def is_closed(self) -> bool:
        """Whether it has been undone."""
        return not self._undo

    def close(self) -> None:
        """Ends the reading and observing of the component, and leaves it as it was."""
        while self._undo:
            self._undo.pop()()


class PerformanceMetricsCollector(RecordingCollector):
    """All performance metrics of one process of Victor.

    A component is registered as it is, and read when somebody asks. One that raises, hangs or answers with
    nonsense costs its own section only. `probe` measures the process; see `RecordingCollector` for what is
    recorded by calls, and `runtime.collector.Collector` for the other options.
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
        """Has the cache read from now on, in place of one that was registered before."""

        def register() -> Registered:
            reader = caches.CacheReader(cache, self.metrics, self._totals.of(cache), self._selections)
            read = self.register("cache", reader.ask, reader.use, sets=caches.GAUGES)
            return Registered(cache, self._selections.settle, read.close)

        return self._register("cache", cache, register, most=1)

    def unregister_tool_selection_cache(self, cache: caches.ToolSelectionCache) -> None:
        """Undoes its registration, if there is one."""
        self._unregister("cache", cache)

    def register_agent_metrics_collector(self, agent: AgentMetricsCollector) -> Registered:
        """Observes the tool executions that are recorded with it from now on, and reads its totals.

        Any number may be registered. One without a `record_tool_execution`, or that does not let it be
        observed, has its totals counted: how many executions, but not how long they took.
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
        """Undoes its registration, if there is one: the object is as it was."""
        self._unregister("agent", agent)

    def register_provider_pool(self, pool: providers.ProviderPool) -> Registered:
        """Has the pool read from now on, in place of one that was registered before."""

        def register() -> Registered:
            self._has_pool = True
            reader = providers.PoolReader(pool, self.metrics, self._totals.of(pool), self._requests)
            read = self.register("provider_pool", reader.ask, reader.use, sets=providers.GAUGES)
            return Registered(pool, self._without_pool, read.close)

        return self._register("pool", pool, register, most=1)

    def unregister_provider_pool(self, pool: providers.ProviderPool) -> None:
        """Undoes its registration, if there is one."""
        self._unregister("pool", pool)

    def get_all_metrics(self) -> Snapshot:
        """Every section, as of now."""
        return self.snapshot()

    def get_tool_selection_metrics(self) -> Section:
        """Tool selections: outcomes by cache, durations, methods."""
        return self._section("tool_selection")

    def get_cache_metrics(self) -> Section:
        """The tool selection cache: operations, entries, memory, time saved."""
        return self._section("cache")

    def get_bootstrap_metrics(self) -> Section:
        """The start: phases, lazy loads, first access."""
        return self._section("bootstrap")

    def get_provider_pool_metrics(self) -> Section:
        """Providers: health, requests by outcome, durations."""
        return self._section("provider_pool")

    def get_tool_execution_metrics(self) -> Section:
        """Tool executions: outcomes by tool, durations, how many run."""
        return self._section("tool_execution")

    def get_system_metrics(self) -> Section:
        """This process: memory, processor time, threads, uptime."""
        return self._section("system")

    def export_prometheus(self) -> str:
        """What Prometheus scrapes, as text."""
        return self.exposition().decode("utf-8")

    def _section(self, component: str) -> Section:
        return self.snapshot([component]).sections[component]

    def _register(
        self, kind: str, component: object, register: Callable[[], Registered], most: int | None = None
    ) -> Registered:
        """What `register` gives; of a component that is registered already, what it gave then."""
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
    """The collector of this process, on a registry of its own, made at the first call."""
    global _collector  # noqa: PLW0603 - the guide's call takes nothing that could hold it
    with _lock:
        if _collector is None:
            _collector = PerformanceMetricsCollector()
        return _collector
