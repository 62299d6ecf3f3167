"""`victor-mon serve`: serve the metrics of a spec, and show its signals and alerts."""

from __future__ import annotations

import datetime
import sys
import time
from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final

import typer

from victor_monitoring.base.diagnostics import UserError
from victor_monitoring.base.interruption import stoppable
from victor_monitoring.cli.options import ContextName, Today
from victor_monitoring.cli.specs import OneSpec, compile_one, require_context

if TYPE_CHECKING:
    from victor_monitoring.demo.serving.source import ServedMetrics
    from victor_monitoring.language.resolved.spec import Resolved

_EXTRA = 'pip install "victor-monitoring[serve]"'

Simulate = Annotated[bool, typer.Option("--simulate", help="Serve a simulated load instead of this process.")]
Seed = Annotated[int, typer.Option("--seed", help="The seed of the simulation.")]
FaultNames = Annotated[
    list[str] | None,
    typer.Option("--fault", metavar="NAME", help="A fault to simulate; repeatable. `list` prints the names."),
]
Host = Annotated[str, typer.Option("--host", help="The address to listen on.")]
Port = Annotated[int, typer.Option("--port", min=0, max=65535, help="The port; 0 selects a free one.")]
AllowRemote = Annotated[bool, typer.Option("--allow-remote", help="Allow connections from other machines.")]


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
    """Serve the spec's metrics and show its signals and alerts, until Ctrl-C.

    Example: victor-mon serve --simulate --fault HighLatency
    """
    resolved = _resolved(spec, context, today)
    if "list" in (fault or ()):
        from victor_monitoring.demo.simulation.faults import fault_names

        print("\n".join(fault_names(resolved)))
        return
    _require_extras()
    from victor_monitoring.demo.serving.server import application, bound, is_loopback, paths, serving, url_of
    from victor_monitoring.demo.serving.watch import Watch

    if not (allow_remote or is_loopback(host)):
        raise UserError(
            f"other machines can connect to `{host}`, without a password", "allow it: --allow-remote"
        )
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
    """Return the spec, resolved for base or the context; print errors and exit with 1 if it has any."""
    compiled = compile_one(path, today)
    require_context(context, compiled.contexts)
    found = compiled.base if context is None else compiled.contexts[context]
    assert found is not None  # a spec without errors is resolved
    return found


def _source(spec: Resolved, simulate: bool, seed: int, names: list[str]) -> ServedMetrics:
    from victor_monitoring.demo.serving.source import live, simulated
    from victor_monitoring.demo.simulation.faults import faults

    if simulate:
        return simulated(spec, seed=seed, faults=faults(spec, names))
    if names:
        raise UserError("--fault needs a simulation", "add --simulate")
    return live(spec)


def _require_extras() -> None:
    """Raise UserError unless the packages of the HTTP server are installed."""
    for package in ("fastapi", "uvicorn"):
        try:
            __import__(package)
        except ImportError:
            raise UserError(f"the package `{package}` is missing", _EXTRA) from None


if TYPE_CHECKING:
    from rich.table import Table

    from victor_monitoring.demo.serving.summary import AlertView, DemoSnapshot, ViewState
    from victor_monitoring.demo.serving.watch import Watch

_REFRESH: Final = 0.5  # seconds
_STYLES: Final[Mapping[str, str]] = {"inactive": "dim", "pending": "yellow", "firing": "bold red"}


def live_view(watch: Watch, *, is_alive: Callable[[], bool]) -> None:
    """Show signals and alerts until interrupted; raise UserError if the server ends by itself."""
    show, shown = _on_terminal(watch.spec.service.title) if sys.stdout.isatty() else _in_lines()
    with shown:
        while is_alive():
            show(watch.snapshot())
            time.sleep(_REFRESH)
    raise UserError("the HTTP server has ended", "see its messages above")


def _in_lines() -> tuple[Callable[[DemoSnapshot], None], AbstractContextManager[object]]:
    """Return a function that prints a line for each alert whose state has changed."""
    before: dict[str, ViewState] = {}

    def show(snapshot: DemoSnapshot) -> None:
        now = datetime.datetime.now().astimezone().strftime("%H:%M:%S")
        for each in snapshot.news(before):
            print(f"{now} {each.name} {each.state}: {each.about}", flush=True)

    return show, nullcontext()


def _on_terminal(title: str) -> tuple[Callable[[DemoSnapshot], None], AbstractContextManager[object]]:
    """Return a function that updates the table of all signals, and its display."""
    from rich.live import Live

    live = Live(auto_refresh=False)

    def show(snapshot: DemoSnapshot) -> None:
        live.update(_table(title, snapshot), refresh=True)

    return show, live


def _table(title: str, snapshot: DemoSnapshot) -> Table:
    from rich.box import SIMPLE_HEAD
    from rich.table import Table
    from rich.text import Text

    table = Table("Signal", "Value", "Alerts", box=SIMPLE_HEAD, title=title)
    table.columns[1].justify = "right"
    for row in snapshot.rows:
        alerts = Text("  ").join(Text(_alert_text(each), _STYLES[each.state]) for each in row.alerts)
        table.add_row(f"{row.title}, {row.of}" if row.of else row.title, row.value, alerts)
    return table


def _alert_text(alert: AlertView) -> str:
    """Return severity and condition of an inactive alert, else its name, condition and state."""
    if alert.state == "inactive":
        return f"{alert.severity} {alert.condition}".strip()
    return f"{alert.name} {alert.condition} {alert.state}"
