"""Where a demonstration takes place."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from victor_monitoring.demo.look import Look, State
from victor_monitoring.demo.scenarios import Scenario
from victor_monitoring.resolved.spec import Resolved


class Stage(Protocol):
    """A service that runs and is watched."""

    @property
    def spec(self) -> Resolved:
        """The spec at its time scale."""

    @property
    def urls(self) -> Sequence[tuple[str, str]]:
        """What can be opened, by name."""

    @property
    def reached(self) -> State:
        """The state that an alert which fires comes to in the end."""

    @property
    def left(self) -> State:
        """The state of one that has fired and does not any more."""

    def have(self, scenario: Scenario | None) -> None:
        """From now on this goes wrong, or nothing does."""

    def look(self) -> Look:
        """How signals and alerts stand."""
