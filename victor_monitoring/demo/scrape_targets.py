"""Simulated targets that Prometheus can scrape."""

from __future__ import annotations

import time
from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from socketserver import StreamRequestHandler
from typing import Final, Protocol

from victor_monitoring.demo.http import listening
from victor_monitoring.demo.simulation.faults import faults
from victor_monitoring.demo.simulation.scrapes import Scrapes
from victor_monitoring.demo.simulation.target import SimulatedMetrics
from victor_monitoring.language.resolved.spec import Resolved
from victor_monitoring.runtime.exposition import TEXT, text

_RESET_EVERY: Final = 2  # windows, while counters are reset
_HEAD: Final = f"HTTP/1.1 200 OK\r\nContent-Type: {TEXT}\r\n"
_LONGEST: Final = 2**16  # bytes of a line


class SimulatedTarget:
    """The simulated metrics of a target, healthy until faults are set."""

    def __init__(self, spec: Resolved, seed: int) -> None:
        self._spec = spec
        self._target = SimulatedMetrics(spec, seed=seed, clock=time.time)
        self.scrapes = Scrapes(self._target, clock=time.time, reset_every=_RESET_EVERY * spec.window / 1000)

    def set_faults(self, names: Collection[str]) -> None:
        """Replace the current faults by those of these names."""
        found = faults(self._spec, names)
        self._target.set_faults(found)
        self.scrapes.set_faults(found)


class ScrapeTarget(Protocol):
    """A target at an address; `labels` are its labels in Prometheus besides those that select it."""

    @property
    def address(self) -> str:
        """Its host and port."""

    @property
    def labels(self) -> Mapping[str, str]:
        """Its labels, such as those of its scope."""

    def set_faults(self, names: Collection[str]) -> None:
        """Replace the current faults by those of these names."""


def has_replicas(spec: Resolved) -> bool:
    """Return whether several targets can be selected: there is one if each `select` has its instance."""
    selects = [component.select for component in spec.components.values()]
    return not selects or any(len(each.targets("a", "b")) > 1 for each in selects)


@dataclass(frozen=True, slots=True)
class ServedTarget:
    """A simulated target in this process."""

    address: str
    labels: Mapping[str, str]
    simulation: SimulatedTarget = field(repr=False)

    def set_faults(self, names: Collection[str]) -> None:
        """Replace the current faults by those of these names."""
        self.simulation.set_faults(names)


@contextmanager
def target(spec: Resolved, *, labels: Mapping[str, str], seed: int) -> Iterator[ServedTarget]:
    """Yield a target that answers scrapes; while it is down it closes the connection."""
    simulation = SimulatedTarget(spec, seed)

    class MetricsHandler(StreamRequestHandler):
        """A handler that answers any request with the metrics: cheap, since there may be many targets."""

        disable_nagle_algorithm = True

        def handle(self) -> None:
            while (method := self._request()) and not simulation.scrapes.is_down:
                body = text(simulation.scrapes)
                head = f"{_HEAD}Content-Length: {len(body)}\r\n\r\n".encode()
                self.wfile.write(head if method == b"HEAD" else head + body)

        def _request(self) -> bytes:
            """Read a request and return its method; empty once the client has closed the connection."""
            method, _, _ = self.rfile.readline(_LONGEST).partition(b" ")
            while line := self.rfile.readline(_LONGEST):
                if line == b"\r\n":
                    return method
            return b""

    with listening(MetricsHandler) as address:
        yield ServedTarget(address, labels, simulation)
