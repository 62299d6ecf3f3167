"""Many simulated targets, in a few processes: one alone would answer late on a machine that is busy."""

from __future__ import annotations

import multiprocessing
from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, field
from multiprocessing.connection import Connection

from victor_monitoring.demo.targets import target
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

    def have(self, names: Collection[str]) -> None:
        """From now on it has these faults, and no others."""
        self._connection.send((self._number, list(names)))
        assert self._connection.recv() == "done"


@contextmanager
def crowd(spec: Resolved, places: Sequence[Labels]) -> Iterator[list[RemoteTarget]]:
    """A target at each place, until the block ends."""
    spawn = multiprocessing.get_context("spawn")
    found: dict[int, RemoteTarget] = {}
    with ExitStack() as stack:
        connections = []
        for first in range(PROCESSES):
            here, there = spawn.Pipe()
            mine = list(enumerate(places))[first::PROCESSES]
            process = spawn.Process(target=serve, args=(there, spec, mine), daemon=True)
            process.start()
            stack.callback(process.join)
            there.close()
            stack.callback(here.close)  # by which it ends
            connections.append((here, mine))
        for here, mine in connections:
            for number, ((seed, labels), address) in enumerate(zip(mine, here.recv(), strict=True)):
                found[seed] = RemoteTarget(address, labels, number, here)
        yield [found[seed] for seed in sorted(found)]


def serve(connection: Connection, spec: Resolved, places: Sequence[tuple[int, Labels]]) -> None:
    """Answers scrapes, and does as it is told, until the other side is gone."""
    with ExitStack() as stack, suppress(EOFError):
        targets = [stack.enter_context(target(spec, labels=labels, seed=seed)) for seed, labels in places]
        connection.send([each.address for each in targets])
        while True:
            number, names = connection.recv()
            targets[number].have(names)
            connection.send("done")
