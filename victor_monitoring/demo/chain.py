"""The whole chain of a spec, from targets to whoever is told, all of it on this machine."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass

from victor_monitoring.demo.alertmanager import Alertmanager, alertmanager
from victor_monitoring.demo.programs import Programs
from victor_monitoring.demo.prometheus import Prometheus, prometheus
from victor_monitoring.demo.receiver import Receiver, receiver
from victor_monitoring.demo.targets import Target
from victor_monitoring.renderers.rules import rules_text
from victor_monitoring.resolved.spec import Resolved


@dataclass(frozen=True, slots=True)
class Chain:
    """The parts of a chain that runs."""

    spec: Resolved
    targets: tuple[Target, ...]
    prometheus: Prometheus
    alertmanager: Alertmanager
    receiver: Receiver


@contextmanager
def chain(
    spec: Resolved, programs: Programs, targets: Sequence[Target], *, rules: Sequence[str] = ()
) -> Iterator[Chain]:
    """A chain that begins with these targets, until the block ends. UserError where a program does not start.

    `rules` are files that others have beside the spec's.
    """
    assert programs.prometheus is not None
    assert programs.alertmanager is not None
    with ExitStack() as stack:
        told, url = stack.enter_context(receiver())
        manager = stack.enter_context(alertmanager(programs.alertmanager, spec, url))
        files = [rules_text(spec), *rules]
        server = prometheus(programs.prometheus, spec, targets, files, manager.url)
        yield Chain(spec, tuple(targets), stack.enter_context(server), manager, told)
