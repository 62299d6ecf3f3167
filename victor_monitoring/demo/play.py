"""A demonstration: scenarios, one after the other, from health to fault to health."""

from __future__ import annotations

import time
from collections.abc import Callable, Generator, Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from victor_monitoring.base.diagnostics import UserError
from victor_monitoring.demo.backend import DemoBackend
from victor_monitoring.demo.scenarios import Scenario
from victor_monitoring.demo.snapshot import DemoSnapshot

_REFRESH: Final = 0.3  # seconds
_PATIENCE: Final = 60  # seconds
_LINGER: Final = 2  # seconds in which one sees what is delivered
_SILENCE: Final = 15  # seconds in which a program that lives answers


@dataclass(frozen=True, slots=True)
class PlayFrame:
    """What there is to see at a time, in seconds since the start; `phase` says what goes on."""

    seconds: float
    phase: str
    snapshot: DemoSnapshot


class ScenarioPlayer:
    """Scenarios on a stage. `failures` says what has not come about so far.

    `lasting` is how many seconds each fault lasts at least; None: until it was delivered, or long enough to
    be sure that nothing is. `patience` is what a busy machine may add to each step.
    """

    def __init__(
        self,
        backend: DemoBackend,
        scenarios: Sequence[Scenario],
        *,
        lasting: float | None = None,
        patience: float = _PATIENCE,
    ) -> None:
        self._stage, self._scenarios, self._lasting = backend, scenarios, lasting
        self._patience = patience
        self._started = time.monotonic()
        self._fired: set[str] = set()
        self.failures: list[str] = []
        spec = backend.spec
        self._window = max((signal.window for signal in spec.signals.values()), default=spec.window) / 1000
        pending = [alert.pending for alert in spec.alerts] + ([spec.meta.pending] if spec.meta else [])
        self._pending = max(pending, default=0) / 1000
        self._kept = max((alert.keep_firing or 0 for alert in spec.alerts), default=0) / 1000

    def frames(self) -> Iterator[PlayFrame]:
        """What there is to see until the last scenario is over. UserError where a program has died."""
        if not (yield from self._warm_up()):
            self.failures.append("the service is not healthy to begin with")
            return
        for scenario in self._scenarios:
            yield from self._break(scenario)
            yield from self._recover(scenario)

    def _warm_up(self) -> Generator[PlayFrame, None, bool]:
        """Until every window is full of health."""
        full = time.monotonic() + self._window

        def is_over(snapshot: DemoSnapshot) -> bool:
            return snapshot.is_quiet and time.monotonic() > full

        return (yield from self._until("all is well", is_over, 3 * self._window + self._patience))

    def _break(self, scenario: Scenario) -> Generator[PlayFrame, None, None]:
        """Until what must be delivered is, and the fault has lasted."""
        name, enough = scenario.expected, self._window + self._pending
        end = time.monotonic() + (self._lasting or (0 if name else enough))
        limit = max(self._lasting or 0, 3 * enough + self._patience)

        def is_over(snapshot: DemoSnapshot) -> bool:
            nonlocal end
            if name is not None and snapshot.alert_views[name].state != self._stage.reached:
                if self._lasting is None:
                    end = time.monotonic() + _LINGER
                return False
            return time.monotonic() >= end

        self._fired.clear()
        self._stage.have(scenario)
        if not (yield from self._until(f"fault: {scenario.name}", is_over, limit)):
            self.failures.append(f"`{name}` was not {self._stage.reached} within {limit:.0f} s")
        elif scenario.silent and self._fired:
            self.failures.append(f"`{scenario.name}` made {', '.join(sorted(self._fired))} fire")

    def _recover(self, scenario: Scenario) -> Generator[PlayFrame, None, None]:
        """Until nothing is under way any more."""
        name, limit = scenario.expected, 3 * (self._window + self._kept) + self._patience

        def is_over(snapshot: DemoSnapshot) -> bool:
            is_left = name not in self._fired or snapshot.alert_views[name].state == self._stage.left
            return is_left and snapshot.is_quiet

        self._stage.have(None)
        if not (yield from self._until("the fault is gone", is_over, limit)):
            self.failures.append(f"after `{scenario.name}` not everything is over within {limit:.0f} s")

    def _until(
        self, phase: str, is_over: Callable[[DemoSnapshot], bool], limit: float
    ) -> Generator[PlayFrame, None, bool]:
        """Looks again and again; whether it was over within so many seconds."""
        start = heard = time.monotonic()
        while True:
            now = time.monotonic()
            try:
                snapshot = self._stage.snapshot()
                over = is_over(snapshot)
                heard = now
            except OSError as error:  # a busy machine may let a request time out
                if now - heard > _SILENCE:
                    raise UserError(f"Prometheus or Alertmanager does not answer: {error}") from None
            else:
                self._fired |= snapshot.fired
                yield PlayFrame(now - self._started, phase, snapshot)
                if over:
                    return True
                if now - start > limit:
                    return False
            time.sleep(_REFRESH)
