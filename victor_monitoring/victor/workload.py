"""A simulated agent that puts load and faults on the collector through Victor's component interfaces.

The agent's requests select tools, query a provider and call tools; their durations are random numbers, with
no sleeping. The module is the service's entry point in the group `victor_mon.workloads`.
"""

from __future__ import annotations

import math
import random
import time
from collections.abc import Callable, Mapping, Sequence
from statistics import NormalDist
from threading import Event, Lock, Thread
from typing import TYPE_CHECKING, Final, TypeVar

from victor_monitoring.victor.collector import PerformanceMetricsCollector
from victor_monitoring.victor.registry import Cache, Method, Phase, ProviderPoolOutcome
from victor_monitoring.victor.stand_ins import AgentStandIn, CacheStandIn, PoolStandIn, ProbeStandIn

if TYPE_CHECKING:
    from fastapi import FastAPI

_ChoiceT = TypeVar("_ChoiceT")

_REQUESTS: Final = 2500  # of the agent per window: enough to keep random variation of ratios small
_TICK: Final = 1.0  # seconds; a hundredth of the window if that is less
_SPREAD: Final = 0.8  # the sigma of durations, which are roughly log-normal
_P95: Final = NormalDist().inv_cdf(0.95)
_DAY: Final = 24  # windows in one period of the traffic's daily cycle

_CACHES: Final[tuple[tuple[Cache, float], ...]] = (("query", 0.6), ("context", 0.3), ("rl", 0.1))
_METHODS: Final[tuple[tuple[Method, float], ...]] = (("semantic", 0.7), ("keyword", 0.25), ("fallback", 0.05))
_PROVIDERS: Final = (("anthropic", 0.5), ("openai", 0.3), ("ollama", 0.2))
_TOOLS: Final = (("read_file", 0.4), ("code_search", 0.3), ("shell", 0.2), ("web_fetch", 0.1))
_FAILURES: Final[tuple[tuple[ProviderPoolOutcome, float], ...]] = (
    ("error", 0.5),
    ("timeout", 0.3),
    ("rate_limited", 0.2),
)
_START: Final[tuple[tuple[Phase, float], ...]] = (
    ("container", 0.12), ("services", 0.35), ("providers", 0.6), ("tools", 0.4), ("cache_warming", 0.9),
)  # fmt: skip

# The default levels of the signals.
_LEVELS: Final[Mapping[str, float]] = {
    "cache_hit_ratio": 0.76,
    "cache_utilization": 0.32,
    "cache_evictions": 2.0,
    "tool_selection_p95": 0.0004,
    "tool_selection_miss_ratio": 0.28,
    "providers_unhealthy": 0.0,
    "provider_failure_ratio": 0.03,
    "provider_p95": 4.0,
    "tool_p95": 0.4,
    "tool_error_ratio": 0.02,
    "memory": 420 * 2.0**20,
    "cpu": 0.3,
    "threads": 34.0,
}


def live() -> PerformanceMetricsCollector:
    """Return a collector that measures this process itself."""
    return PerformanceMetricsCollector()


def simulated(
    levels: Mapping[str, float], *, seed: int, window: float, is_idle: bool = False
) -> SimulatedAgent:
    """Return an agent under whose load signals settle at these levels within `window` seconds."""
    agent = SimulatedAgent(levels, seed=seed, window=window)
    agent.set_levels(levels, is_idle=is_idle)
    return agent


def add_routes(app: FastAPI, collector: PerformanceMetricsCollector, *, context: str | None = None) -> None:
    """Add the REST API of the collector, in a context, to the application; without `/metrics`."""
    from victor_monitoring.victor.routes import register_performance_routes  # noqa: PLC0415 - FastAPI is not needed for the load

    register_performance_routes(app, collector, context=context, metrics_path=None)


class SimulatedAgent:
    """An agent with a cache, providers and tools whose activity the collector records."""

    def __init__(
        self,
        levels: Mapping[str, float],
        *,
        seed: int,
        window: float,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._chance, self._clock, self._window = random.Random(seed), clock, window  # noqa: S311 - no secret
        self._cache, self._agent = CacheStandIn(), AgentStandIn()
        self._pool = PoolStandIn(tuple(name for name, _ in _PROVIDERS))
        self._probe = ProbeStandIn(clock)
        self.collector: Final = PerformanceMetricsCollector(probe=self._probe)
        self.collector.register_tool_selection_cache(self._cache)
        self.collector.register_agent_metrics_collector(self._agent)
        self.collector.register_provider_pool(self._pool)
        for phase, seconds in _START:
            self.collector.record_bootstrap_phase(phase, seconds * self._chance.uniform(0.8, 1.2))
        self.collector.record_first_access(0.2 * self._chance.uniform(0.8, 1.2))
        self._started = self._last = clock()
        self._owed: dict[str, float] = {}
        self._lock, self._stopped = Lock(), Event()
        self._thread: Thread | None = None
        self.set_levels(levels)

    def start(self) -> None:
        """Start the agent in a thread of its own."""
        if self._thread is None:
            self._stopped.clear()
            self._thread = Thread(target=self._run, name="simulated-agent", daemon=True)
            self._thread.start()

    def stop(self) -> None:
        """Stop the agent and wait for its thread."""
        self._stopped.set()
        if self._thread is not None:
            self._thread.join()
            self._thread = None

    def set_levels(self, levels: Mapping[str, float], *, is_idle: bool = False) -> None:
        """Make the signals settle at these levels, by name; an idle agent counts nothing.

        A level that is worse than the default applies to one cache and one provider alone.
        """
        with self._lock:
            self._levels, self._is_idle = {**_LEVELS, **levels}, is_idle
            self._pool.unhealthy = frozenset(
                name for name, _ in _PROVIDERS[: round(self._levels["providers_unhealthy"])]
            )
            self._settle()

    def advance(self) -> None:
        """Perform the agent's activity since the last call."""
        with self._lock:
            now = self._clock()
            passed, self._last = now - self._last, now
            self._settle()
            if self._is_idle:
                return
            day = 2 * math.pi * (now - self._started) / (_DAY * self._window)
            traffic = _REQUESTS / self._window * (1 + 0.2 * math.sin(day))
            for _ in range(self._due("requests", traffic * passed)):
                self._request()
            for _ in range(self._due("evictions", self._levels["cache_evictions"] * passed)):
                self._cache.count(self._one_of(_CACHES), "evictions")

    def _run(self) -> None:
        while not self._stopped.wait(min(_TICK, self._window / 100)):
            self.advance()

    def _due(self, name: str, more: float) -> int:
        """Add `more` to the amount due and return its integer part; keep the fraction for the next call."""
        rest, whole = math.modf(self._owed.get(name, 0.0) + more)
        self._owed[name] = rest
        return int(whole)

    def _settle(self) -> None:
        """Set the gauges to their levels, with a little random variation."""
        variation = self._chance.uniform(0.99, 1.01)
        levels = self._levels
        self._probe.settle(
            memory=levels["memory"] * variation,
            threads=levels["threads"] * variation,
            busy=0.0 if self._is_idle else levels["cpu"],
        )
        for index, (name, _) in enumerate(_CACHES):
            self._cache.utilization[name] = self._one_bad("cache_utilization", index) * min(variation, 1.0)
        running = self._chance.choice((0, 1, 1, 2, 3))
        self.collector.metrics.tool_execution.tools_running.set(0 if self._is_idle else running)

    def _one_bad(self, signal: str, index: int) -> float:
        """Return the level of a member: the signal's for the first, at most the default for the others."""
        level = self._levels[signal]
        return level if index == 0 else min(level, _LEVELS[signal])

    def _request(self) -> None:
        """Perform one request to the agent."""
        self._select()
        self._ask()
        for _ in range(1 + (self._chance.random() < 0.5)):
            duration = self._duration(self._levels["tool_p95"])
            succeeds = self._chance.random() >= self._levels["tool_error_ratio"]
            self._agent.record_tool_execution(self._one_of(_TOOLS), succeeds, duration * 1000)
        if self._chance.random() < 0.002:
            self.collector.record_lazy_load(self._duration(0.3))

    def _select(self) -> None:
        """Select tools with a cache lookup, and add selections without one to reach the miss ratio."""
        cache, hit = self._one_of(_CACHES), self._chance.random() < self._levels["cache_hit_ratio"]
        self._cache.count(cache, "hits" if hit else "misses")
        self._selected(cache, hit)
        missed, wanted = 1 - self._levels["cache_hit_ratio"], self._levels["tool_selection_miss_ratio"]
        room = wanted if missed > wanted else 1 - wanted
        for _ in range(self._due("without lookup", abs(missed - wanted) / room if room else 0.0)):
            self._selected(cache, missed > wanted)

    def _selected(self, cache: Cache, hit: bool) -> None:
        self._agent.count_selection(self._one_of(_METHODS))
        self.collector.record_tool_selection(cache, hit, self._duration(self._levels["tool_selection_p95"]))

    def _ask(self) -> None:
        """Send a request to a provider."""
        provider = self._one_of(_PROVIDERS)
        index = [name for name, _ in _PROVIDERS].index(provider)
        fails = self._chance.random() < self._one_bad("provider_failure_ratio", index)
        outcome: ProviderPoolOutcome = self._one_of(_FAILURES) if fails else "success"
        self._pool.count(provider, outcome)
        duration = self._duration(self._one_bad("provider_p95", index))
        self.collector.record_provider_request(provider, outcome, duration)

    def _duration(self, p95: float) -> float:
        """Return a random duration in seconds whose 95th percentile is `p95`."""
        return self._chance.lognormvariate(math.log(p95) - _SPREAD * _P95, _SPREAD)

    def _one_of(self, choices: Sequence[tuple[_ChoiceT, float]]) -> _ChoiceT:
        """Return a random choice by the weights."""
        return self._chance.choices([each for each, _ in choices], [weight for _, weight in choices])[0]
