"""What a service offers to those who want to see its metrics without the service: a plug-in's contract."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Final, Protocol

from victor_monitoring.runtime.collector import Collector

if TYPE_CHECKING:
    from fastapi import FastAPI

GROUP: Final = "victor_mon.workloads"
"""The entry points' group; an entry is named after the service."""


class Workload(Protocol):
    """A service's collector under a simulated load: stand-ins where the service's components stand."""

    @property
    def collector(self) -> Collector[Any]:
        """What the load is recorded with."""

    def start(self) -> None:
        """Runs from now on, in a thread of its own."""

    def stop(self) -> None:
        """Ends, and waits until it has."""

    def have(self, levels: Mapping[str, float], *, is_idle: bool = False) -> None:
        """From now on signals settle at these levels, by name; while it is idle nothing is counted."""


class WorkloadModule(Protocol):
    """What an entry point names: an object, or a module with these functions."""

    def live(self) -> Collector[Any]:
        """The collector of this process, with nothing registered but the system."""

    def simulated(
        self, levels: Mapping[str, float], *, seed: int, window: float, is_idle: bool = False
    ) -> Workload:
        """A load, under which signals settle at `levels` within `window` seconds; the same for a seed."""

    def add_routes(self, app: FastAPI, collector: Collector[Any], *, context: str | None = None) -> None:
        """Adds the REST API of the collector to the application, as of a context, without `/metrics`.

        UnknownContextError where the service was rendered without that context.
        """
