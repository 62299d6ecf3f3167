"""Backends of a demo: a running service whose faults can be set and whose alerts can be read."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Final, Protocol

from victor_monitoring.demo.scenarios import Scenario
from victor_monitoring.demo.scrape_targets import SimulatedTarget
from victor_monitoring.demo.serving.summary import DemoSnapshot, ViewState
from victor_monitoring.demo.serving.watch import Watch
from victor_monitoring.language.resolved.spec import Resolved


class DemoBackend(Protocol):
    """A running service with its monitoring."""

    @property
    def spec(self) -> Resolved:
        """The spec at its time scale."""

    @property
    def urls(self) -> Sequence[tuple[str, str]]:
        """The URLs that a browser can open, by name."""

    @property
    def reached(self) -> ViewState:
        """The final state of an alert that fires."""

    @property
    def left(self) -> ViewState:
        """The final state of an alert that has stopped firing."""

    def set_scenario(self, scenario: Scenario | None) -> None:
        """Replace the current faults by those of a scenario, or by none."""

    def snapshot(self) -> DemoSnapshot:
        """Return the current values of signals and states of alerts."""


_INSTANCE: Final = "demo"


class InProcessBackend:
    """A simulation evaluated in this process; no alert is delivered."""

    reached: Final[ViewState] = "firing"
    left: Final[ViewState] = "inactive"
    urls: Final[Sequence[tuple[str, str]]] = ()

    def __init__(self, spec: Resolved, simulation: SimulatedTarget, watch: Watch) -> None:
        self.spec: Final = spec
        self._simulation, self._watch = simulation, watch

    def set_scenario(self, scenario: Scenario | None) -> None:
        """Replace the current faults by those of a scenario, or by none."""
        self._simulation.set_faults(scenario.faults if scenario else ())

    def snapshot(self) -> DemoSnapshot:
        """Return the current values of signals and states of alerts."""
        return self._watch.snapshot()


@contextmanager
def in_process_backend(spec: Resolved) -> Iterator[InProcessBackend]:
    """Yield a simulated target that is sampled and evaluated in this process."""
    simulation = SimulatedTarget(spec, 0)
    watch = Watch(spec, simulation.scrapes.collect, instance=_INSTANCE)
    watch.start()
    try:
        yield InProcessBackend(spec, simulation, watch)
    finally:
        watch.stop()
