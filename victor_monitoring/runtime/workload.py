"""The plug-in interface of a service that lets others show its metrics, live or under a simulated load."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Final, Protocol

from victor_monitoring.runtime.collector import Collector

if TYPE_CHECKING:
    from fastapi import FastAPI

GROUP: Final = "victor_mon.workloads"
"""The group of the entry points; each entry has the name of its service."""


class Workload(Protocol):
    """A service's collector under a simulated load, with simulated components in place of real ones."""

    @property
    def collector(self) -> Collector[Any]:
        """The collector that records the load."""

    def start(self) -> None:
        """Start the load in a thread of its own."""

    def stop(self) -> None:
        """Stop the load and wait for its thread."""

    def set_levels(self, levels: Mapping[str, float], *, is_idle: bool = False) -> None:
        """Make the signals settle at these levels, by name; an idle load counts nothing."""


class WorkloadModule(Protocol):
    """The object or module of an entry point, with these functions."""

    def live(self) -> Collector[Any]:
        """Return the collector of this process, with the system as its only registered component."""

    def simulated(
        self, levels: Mapping[str, float], *, seed: int, window: float, is_idle: bool = False
    ) -> Workload:
        """Return a load whose signals settle at `levels` within `window` seconds, repeatable by `seed`."""

    def add_routes(self, app: FastAPI, collector: Collector[Any], *, context: str | None = None) -> None:
        """Add the REST API of the collector, in a context, to the application; without `/metrics`.

        Raise UnknownContextError if the service was rendered without that context.
        """
