"""`victor-mon serve`: a service that shows the spec at work."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from victor_monitoring.cli.one_spec import OneSpec, compile_one
from victor_monitoring.cli.options import ContextName, Today
from victor_monitoring.cli.specs import known_context
from victor_monitoring.cli.stopping import stoppable
from victor_monitoring.errors import UserError

if TYPE_CHECKING:
    from victor_monitoring.resolved.spec import Resolved
    from victor_monitoring.serving.source import Source

_EXTRA = 'pip install "victor-monitoring[serve]"'

Simulate = Annotated[
    bool, typer.Option("--simulate", help="Serve a simulated load instead of this process alone.")
]
Seed = Annotated[int, typer.Option("--seed", help="Another seed, another simulation.")]
FaultNames = Annotated[
    list[str] | None,
    typer.Option("--fault", metavar="NAME", help="What is wrong, repeatable; `list` prints the names."),
]
Host = Annotated[str, typer.Option("--host", help="The address to listen on.")]
Port = Annotated[int, typer.Option("--port", min=0, max=65535, help="The port; 0 takes a free one.")]
AllowRemote = Annotated[bool, typer.Option("--allow-remote", help="Let other machines connect.")]


def serve(
    spec: OneSpec = None,
    context: ContextName = None,
    simulate: Simulate = False,
    seed: Seed = 0,
    fault: FaultNames = None,
    host: Host = "127.0.0.1",
    port: Port = 8000,
    allow_remote: AllowRemote = False,
    today: Today = None,
) -> None:
    """Serve the spec's metrics, and show its signals and alerts as they stand, until Ctrl-C.

    Example: victor-mon serve --simulate --fault HighLatency
    """
    resolved = _resolved(spec, context, today)
    if "list" in (fault or ()):
        from victor_monitoring.simulation.faults import fault_names

        print("\n".join(fault_names(resolved)))
        return
    _missing_extras()
    from victor_monitoring.cli.live_view import live_view
    from victor_monitoring.serving.app import application, paths
    from victor_monitoring.serving.server import bound, is_loopback, serving, url_of
    from victor_monitoring.serving.watch import Watch

    if not (allow_remote or is_loopback(host)):
        raise UserError(f"other machines can reach `{host}`, and everybody may ask", "say so: --allow-remote")
    source = _source(resolved, simulate, seed, fault or [])
    app = application(source)
    with bound(host, port) as listening, stoppable(), serving(app, listening) as server:
        url = url_of(listening)
        for path in paths(app):
            print(f"{url}{path}", flush=True)
        watch = Watch(resolved, source.scrapes.collect, instance=url.removeprefix("http://"))
        source.start()
        watch.start()
        try:
            live_view(watch, is_alive=server.is_alive)
        finally:
            watch.stop()
            source.stop()


def _resolved(path: Path | None, context: str | None, today: Today) -> Resolved:
    """The spec for base or the context. Errors in it are printed, and end the command with 1."""
    compiled = compile_one(path, today)
    known_context(context, compiled.contexts)
    found = compiled.base if context is None else compiled.contexts[context]
    assert found is not None  # a spec without errors is resolved
    return found


def _source(spec: Resolved, simulate: bool, seed: int, names: list[str]) -> Source:
    from victor_monitoring.serving.source import live, simulated
    from victor_monitoring.simulation.faults import faults

    if simulate:
        return simulated(spec, seed=seed, faults=faults(spec, names))
    if names:
        raise UserError("a fault is simulated", "add --simulate")
    return live(spec)


def _missing_extras() -> None:
    """UserError where what serves is not installed."""
    for package in ("fastapi", "uvicorn"):
        try:
            __import__(package)
        except ImportError:
            raise UserError(f"the package `{package}` is missing", _EXTRA) from None
