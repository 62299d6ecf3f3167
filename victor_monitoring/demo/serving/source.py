"""Sources of served metrics: a simulation, the service's own collector, or that under a simulated load."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from importlib.metadata import entry_points
from typing import Any

from fastapi import FastAPI

from victor_monitoring.base.diagnostics import UserError
from victor_monitoring.demo.simulation.faults import Faults
from victor_monitoring.demo.simulation.levels import signal_levels
from victor_monitoring.demo.simulation.scrapes import Scrapes
from victor_monitoring.demo.simulation.target import SimulatedMetrics
from victor_monitoring.language.resolved.spec import Resolved
from victor_monitoring.runtime.collector import Collector
from victor_monitoring.runtime.exposition import exposition
from victor_monitoring.runtime.registry_module import UnknownContextError
from victor_monitoring.runtime.workload import GROUP, WorkloadModule

_RESET_EVERY = 2  # windows, while counters are reset


def _nothing() -> None:
    """Start or stop a source that needs neither."""


def _nothing_more(_: FastAPI) -> None:
    """Add no route: the source has `/metrics` only."""


@dataclass(frozen=True, slots=True)
class ServedMetrics:
    """Metrics to serve; `add_routes` adds the REST API, if the service has one."""

    spec: Resolved
    scrapes: Scrapes
    add_routes: Callable[[FastAPI], None] = _nothing_more
    start: Callable[[], None] = _nothing
    stop: Callable[[], None] = _nothing

    def exposition(self, *, openmetrics: bool = False) -> bytes:
        """Return the exposition for a scrape."""
        return exposition(self.scrapes, openmetrics=openmetrics)


def live(spec: Resolved) -> ServedMetrics:
    """Return the service's collector, which measures this process; raise UserError if it has none."""
    service = _service(spec)
    if service is None:
        message = (
            f"no package provides metrics of `{spec.service.name}`: no entry point in `{GROUP}` has this name"
        )
        raise UserError(message, "simulate it from its spec: --simulate")
    return _collected(spec, service, service.live(), Faults())


def simulated(spec: Resolved, *, seed: int, faults: Faults) -> ServedMetrics:
    """Return the service's collector under a simulated load, or else series simulated from the spec."""
    service = _service(spec)
    if service is None:
        target = SimulatedMetrics(spec, seed=seed, clock=time.time, faults=faults)
        return ServedMetrics(spec, Scrapes(target, clock=time.time, reset_every=_resets(spec), faults=faults))
    workload = service.simulated(
        signal_levels(spec, faults.alerts), seed=seed, window=spec.window / 1000, is_idle=faults.is_idle
    )
    return _collected(spec, service, workload.collector, faults, workload.start, workload.stop)


def _collected(
    spec: Resolved,
    service: WorkloadModule,
    collector: Collector[Any],
    faults: Faults,
    start: Callable[[], None] = _nothing,
    stop: Callable[[], None] = _nothing,
) -> ServedMetrics:
    scrapes = Scrapes(collector, clock=time.time, reset_every=_resets(spec), faults=faults)

    def add_routes(app: FastAPI) -> None:
        try:
            service.add_routes(app, collector, context=spec.context)
        except UnknownContextError as error:
            raise UserError(str(error), "render its registry with this spec: `victor-mon generate`") from None

    return ServedMetrics(spec, scrapes, add_routes, start, stop)


def _resets(spec: Resolved) -> float:
    return _RESET_EVERY * spec.window / 1000


def _service(spec: Resolved) -> WorkloadModule | None:
    """Return the workload module of the spec's service; None if no installed package has one."""
    for found in entry_points(group=GROUP, name=spec.service.name):
        service: WorkloadModule = found.load()
        return service
    return None
