"""Many simulated targets in a few processes: a single process would answer late on a busy machine."""

from __future__ import annotations

import multiprocessing
from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, field
from multiprocessing.connection import Connection

from victor_monitoring.demo.scrape_targets import target
from victor_monitoring.language.resolved.spec import Resolved

PROCESSES = 6

Labels = Mapping[str, str]


@dataclass(frozen=True)
class RemoteTarget:
    """A target in another process."""

    address: str
    labels: Labels
    _number: int
    _connection: Connection = field(repr=False)

    def set_faults(self, names: Collection[str]) -> None:
        """Give the target these faults, and no others, from now on."""
        self._connection.send((self._number, list(names)))
        assert self._connection.recv() == "done"


@contextmanager
def crowd(spec: Resolved, places: Sequence[Labels]) -> Iterator[list[RemoteTarget]]:
    """Run a target with each of these label sets until the block ends."""
    spawn = multiprocessing.get_context("spawn")
    found: dict[int, RemoteTarget] = {}
    with ExitStack() as stack:
        connections = []
        for first in range(PROCESSES):
            here, remote = spawn.Pipe()
            assigned = list(enumerate(places))[first::PROCESSES]
            process = spawn.Process(target=serve, args=(remote, spec, assigned), daemon=True)
            process.start()
            stack.callback(process.join)
            remote.close()
            stack.callback(here.close)  # which ends the process
            connections.append((here, assigned))
        for here, assigned in connections:
            for number, ((seed, labels), address) in enumerate(zip(assigned, here.recv(), strict=True)):
                found[seed] = RemoteTarget(address, labels, number, here)
        yield [found[seed] for seed in sorted(found)]


def serve(connection: Connection, spec: Resolved, places: Sequence[tuple[int, Labels]]) -> None:
    """Answer scrapes, and set the faults that are received, until the connection is closed."""
    with ExitStack() as stack, suppress(EOFError):
        targets = [stack.enter_context(target(spec, labels=labels, seed=seed)) for seed, labels in places]
        connection.send([each.address for each in targets])
        while True:
            number, names = connection.recv()
            targets[number].set_faults(names)
            connection.send("done")
