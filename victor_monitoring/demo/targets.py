"""Targets of a service that does not exist, for Prometheus to scrape."""

from __future__ import annotations

import time
from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from socketserver import StreamRequestHandler
from typing import Final, Protocol

from prometheus_client import CONTENT_TYPE_LATEST, generate_latest

from victor_monitoring.demo.http import listening
from victor_monitoring.demo.simulation.faults import faults
from victor_monitoring.demo.simulation.scrapes import Scrapes
from victor_monitoring.demo.simulation.target import SimulatedTarget
from victor_monitoring.language.resolved.spec import Resolved

_RESET_EVERY: Final = 2  # windows, while counters are reset
_HEAD: Final = f"HTTP/1.1 200 OK\r\nContent-Type: {CONTENT_TYPE_LATEST}\r\n"
_LONGEST: Final = 2**16  # bytes of a line


class Simulation:
    """What a target exposes: it is healthy until it is told to have faults."""

    def __init__(self, spec: Resolved, seed: int) -> None:
        self._spec = spec
        self._target = SimulatedTarget(spec, seed=seed, clock=time.time)
        self.scrapes = Scrapes(self._target, clock=time.time, reset_every=_RESET_EVERY * spec.window / 1000)

    def have(self, names: Collection[str]) -> None:
        """From now on these faults, and no others."""
        found = faults(self._spec, names)
        self._target.have(found)
        self.scrapes.have(found)


class ScrapeTarget(Protocol):
    """What is scraped at an address; `labels` are those of its place."""

    @property
    def address(self) -> str:
        """Its host and port."""

    @property
    def labels(self) -> Mapping[str, str]:
        """What tells its place."""

    def have(self, names: Collection[str]) -> None:
        """From now on it has these faults, and no others."""


@dataclass(frozen=True, slots=True)
class LocalTarget:
    """A simulation of this process."""

    address: str
    labels: Mapping[str, str]
    simulation: Simulation = field(repr=False)

    def have(self, names: Collection[str]) -> None:
        """From now on it has these faults, and no others."""
        self.simulation.have(names)


@contextmanager
def target(spec: Resolved, *, labels: Mapping[str, str], seed: int) -> Iterator[LocalTarget]:
    """A target that answers until the block ends, save while it is down: then it hangs up."""
    simulation = Simulation(spec, seed)

    class Handler(StreamRequestHandler):
        """Whatever is asked, the answer is the metrics: little work, since there may be many targets."""

        disable_nagle_algorithm = True

        def handle(self) -> None:
            while self._is_asked() and not simulation.scrapes.is_down:
                body = generate_latest(simulation.scrapes)
                self.wfile.write(f"{_HEAD}Content-Length: {len(body)}\r\n\r\n".encode() + body)

        def _is_asked(self) -> bool:
            """Whether a whole request has come; none does once the other side has hung up."""
            while line := self.rfile.readline(_LONGEST):
                if line == b"\r\n":
                    return True
            return False

    with listening(Handler) as address:
        yield LocalTarget(address, labels, simulation)
