"""Where a demonstration takes place."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Final, Protocol

from victor_monitoring.demo.scenarios import Scenario
from victor_monitoring.demo.serving.summary import value_text
from victor_monitoring.demo.serving.watch import Watch
from victor_monitoring.demo.snapshot import AlertView, DemoSnapshot, SignalView, ViewState, watched, worst
from victor_monitoring.demo.targets import Simulation
from victor_monitoring.language.resolved.spec import Resolved
from victor_monitoring.runtime.alert_states import AlertState


class DemoBackend(Protocol):
    """A service that runs and is watched."""

    @property
    def spec(self) -> Resolved:
        """The spec at its time scale."""

    @property
    def urls(self) -> Sequence[tuple[str, str]]:
        """What can be opened, by name."""

    @property
    def reached(self) -> ViewState:
        """The state that an alert which fires comes to in the end."""

    @property
    def left(self) -> ViewState:
        """The state of one that has fired and does not any more."""

    def have(self, scenario: Scenario | None) -> None:
        """From now on this goes wrong, or nothing does."""

    def snapshot(self) -> DemoSnapshot:
        """How signals and alerts stand."""


_INSTANCE: Final = "demo"


class InProcessBackend:
    """A simulation that is watched by the evaluator of this process. Nobody is told of anything."""

    reached: Final[ViewState] = "firing"
    left: Final[ViewState] = "inactive"
    urls: Final[Sequence[tuple[str, str]]] = ()

    def __init__(self, spec: Resolved, simulation: Simulation, watch: Watch) -> None:
        self.spec: Final = spec
        self._simulation, self._watch = simulation, watch

    def have(self, scenario: Scenario | None) -> None:
        """From now on this goes wrong, or nothing does."""
        self._simulation.have(scenario.faults if scenario else ())

    def snapshot(self) -> DemoSnapshot:
        """How signals and alerts stand."""
        view = self._watch.view()
        states = {each.alert.name: each for each in view.alerts}
        rows = []
        for name, (signal, alerts) in watched(self.spec).items():
            values = {
                tuple(dict(labels).get(label, "") for label in signal.by): value
                for labels, value in view.signals[name].items()
            }
            alert_views = tuple(_alert_view(states[alert.name]) for alert in alerts)
            rows.append(SignalView(signal.title, *worst(signal, alerts, values), alert_views))
        return DemoSnapshot(tuple(rows))


@contextmanager
def in_process_backend(spec: Resolved) -> Iterator[InProcessBackend]:
    """A target that samples and evaluates itself until the block ends."""
    simulation = Simulation(spec, 0)
    watch = Watch(spec, simulation.scrapes.collect, instance=_INSTANCE)
    watch.start()
    try:
        yield InProcessBackend(spec, simulation, watch)
    finally:
        watch.stop()


def _alert_view(state: AlertState) -> AlertView:
    alert = state.alert
    about = ""
    if state.series:
        worst_value = value_text(state.series[0].value, alert.signal.unit)
        about = f"{alert.signal.title} is {worst_value}, {alert.condition.text}"
    return AlertView(alert.name, alert.condition.text, state.state, about)
