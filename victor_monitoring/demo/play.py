"""A demo: scenarios played in order, each from health to its faults and back."""

from __future__ import annotations

import time
from collections.abc import Callable, Generator, Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from victor_monitoring.base.diagnostics import UserError
from victor_monitoring.demo.backend import DemoBackend
from victor_monitoring.demo.scenarios import Scenario
from victor_monitoring.demo.serving.summary import DemoSnapshot
from victor_monitoring.live.http.response import HttpError

_REFRESH: Final = 0.3  # seconds
_PATIENCE: Final = 60  # seconds
_LINGER: Final = 2  # seconds for which a delivered alert is shown
_SILENCE: Final = 15  # seconds without an answer after which a program counts as dead


@dataclass(frozen=True, slots=True)
class PlayFrame:
    """The snapshot at a time, in seconds since the start; `phase` describes the step of the scenario."""

    seconds: float
    phase: str
    snapshot: DemoSnapshot


class ScenarioPlayer:
    """A player of scenarios on a backend. `failures` lists the expectations that were not met so far.

    `lasting` is the least duration of each fault in seconds; with None it lasts until its alert is delivered,
    or for a window and the longest `for` if none is expected. `patience` is the extra time that a busy
    machine may need for each step, in seconds.
    """

    def __init__(
        self,
        backend: DemoBackend,
        scenarios: Sequence[Scenario],
        *,
        lasting: float | None = None,
        patience: float = _PATIENCE,
    ) -> None:
        self._backend, self._scenarios, self._lasting = backend, scenarios, lasting
        self._patience = patience
        self._started = time.monotonic()
        self._fired: set[str] = set()
        self.failures: list[str] = []
        spec = backend.spec
        self._window = max((signal.window for signal in spec.signals.values()), default=spec.window) / 1000
        pending = [alert.pending for alert in spec.alerts] + ([spec.meta.pending] if spec.meta else [])
        self._pending = max(pending, default=0) / 1000
        self._keep_firing = max((alert.keep_firing or 0 for alert in spec.alerts), default=0) / 1000

    def frames(self) -> Iterator[PlayFrame]:
        """Yield frames until the last scenario is over. Raise UserError if a program has died."""
        if not (yield from self._warm_up()):
            self.failures.append("the service is not healthy to begin with")
            return
        for scenario in self._scenarios:
            yield from self._break(scenario)
            yield from self._recover(scenario)

    def _warm_up(self) -> Generator[PlayFrame, None, bool]:
        """Yield frames until every window contains healthy samples only; return whether that was in time."""
        full = time.monotonic() + self._window

        def is_over(snapshot: DemoSnapshot) -> bool:
            return snapshot.is_quiet and time.monotonic() > full

        return (yield from self._until("all is well", is_over, 3 * self._window + self._patience))

    def _break(self, scenario: Scenario) -> Generator[PlayFrame, None, None]:
        """Yield frames with the faults until the expected alert is delivered and the duration is over."""
        name, enough = scenario.expected, self._window + self._pending
        end = time.monotonic() + (self._lasting or (0 if name else enough))
        limit = max(self._lasting or 0, 3 * enough + self._patience)

        def is_over(snapshot: DemoSnapshot) -> bool:
            nonlocal end
            if name is not None and snapshot.alert_views[name].state != self._backend.reached:
                if self._lasting is None:
                    end = time.monotonic() + _LINGER
                return False
            return time.monotonic() >= end

        self._fired.clear()
        self._backend.set_scenario(scenario)
        if not (yield from self._until(f"fault: {scenario.name}", is_over, limit)):
            self.failures.append(f"`{name}` was not {self._backend.reached} within {limit:.0f} s")
        elif scenario.silent and self._fired:
            self.failures.append(f"`{scenario.name}` made {', '.join(sorted(self._fired))} fire")

    def _recover(self, scenario: Scenario) -> Generator[PlayFrame, None, None]:
        """Yield frames without faults until no alert is active."""
        name, limit = scenario.expected, 3 * (self._window + self._keep_firing) + self._patience

        def is_over(snapshot: DemoSnapshot) -> bool:
            has_left = name not in self._fired or snapshot.alert_views[name].state == self._backend.left
            return has_left and snapshot.is_quiet

        self._backend.set_scenario(None)
        if not (yield from self._until("the fault is gone", is_over, limit)):
            self.failures.append(f"after `{scenario.name}` not everything is over within {limit:.0f} s")

    def _until(
        self, phase: str, is_over: Callable[[DemoSnapshot], bool], limit: float
    ) -> Generator[PlayFrame, None, bool]:
        """Yield frames until `is_over`; return whether that was within `limit` seconds."""
        start = answered = time.monotonic()
        while True:
            now = time.monotonic()
            try:
                snapshot = self._backend.snapshot()
                over = is_over(snapshot)
                answered = now
            except HttpError as error:  # a busy machine may let a request time out
                if now - answered > _SILENCE:
                    raise UserError(f"Prometheus or Alertmanager does not answer: {error.message}") from None
            else:
                self._fired |= snapshot.fired
                yield PlayFrame(now - self._started, phase, snapshot)
                if over:
                    return True
                if now - start > limit:
                    return False
            time.sleep(_REFRESH)
