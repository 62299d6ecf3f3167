"""`victor-mon demo`: make an alert of the spec fire, be delivered and resolve."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final

import typer

from victor_monitoring.base.diagnostics import UserError, unknown_name_hint
from victor_monitoring.base.interruption import stoppable
from victor_monitoring.cli.options import Today
from victor_monitoring.cli.printing import print_message
from victor_monitoring.cli.specs import OneSpec, compile_one

if TYPE_CHECKING:
    from victor_monitoring.demo.backend import DemoBackend
    from victor_monitoring.demo.programs import Programs
    from victor_monitoring.demo.scenarios import Scenario
    from victor_monitoring.language.resolved.spec import Resolved

_FASTEST = 60  # an hour in a minute
_SHORTEST = 100  # milliseconds: the shortest interval of scrapes or evaluations on a small machine
_STOPPED = 130  # as in shells after Ctrl-C: the outcome is unknown


def _seconds(text: str) -> float:
    from victor_monitoring.promql.duration import parse_duration

    try:
        return parse_duration(text) / 1000
    except ValueError as error:
        raise typer.BadParameter(f"{error}; write one such as `90s` or `2m`") from None


ScenarioNames = Annotated[
    list[str] | None,
    typer.Option("--scenario", metavar="NAME", help="A scenario to play; repeatable, played in order."),
]
For = Annotated[
    float | None,
    typer.Option(
        "--for",
        metavar="DURATION",
        parser=_seconds,
        help="Duration of each fault. Default: until its alert is delivered.",
    ),
]
List = Annotated[bool, typer.Option("--list", help="List the scenarios and exit.")]


def demo(
    spec: OneSpec = None,
    scenario: ScenarioNames = None,
    for_: For = None,
    list_: List = False,
    today: Today = None,
) -> None:
    """Break a simulated service and show its alerts fire, be delivered and resolve.

    Example: victor-mon demo --scenario HighLatency
    """
    from victor_monitoring.demo.play import ScenarioPlayer
    from victor_monitoring.demo.programs import find_programs
    from victor_monitoring.demo.scenarios import scenarios

    fast = _time_scaled(spec, today)
    if list_:
        by_name = scenarios(fast)
        width = max(map(len, by_name))
        print("\n".join(f"{name:<{width}}  {each.text}" for name, each in by_name.items()))
        return
    programs = find_programs()
    chosen = _chosen(fast, scenario, programs)
    with stoppable() as stop, _backend(fast, programs) as backend:
        for name, url in backend.urls:
            print(f"{name:<24} {url}")
        print(f"times are divided by {fast.time_scale}, thresholds are the spec's", flush=True)
        play = ScenarioPlayer(backend, chosen, lasting=for_)
        show_frames(fast, play.frames())
        for failure in play.failures:
            print_message(failure)
    if stop.wanted:
        raise typer.Exit(_STOPPED)
    if play.failures:
        raise typer.Exit(1)


def _time_scaled(path: Path | None, today: Today) -> Resolved:
    """Return the spec at the largest time scale that it allows; exit with 1 if it has errors."""
    from victor_monitoring.app.pipeline import time_scaled

    compiled = compile_one(path, today)
    assert compiled.base is not None  # a spec without errors is resolved
    shortest = min(compiled.base.scrape, *compiled.base.intervals)
    return time_scaled(compiled, max(1, min(_FASTEST, shortest // _SHORTEST)))


def _chosen(spec: Resolved, names: Sequence[str] | None, programs: Programs) -> list[Scenario]:
    """Return the named scenarios, or the default one; raise UserError for a name that cannot be played."""
    from victor_monitoring.demo.programs import how_to_install
    from victor_monitoring.demo.scenarios import default_scenario, scenarios

    by_name = scenarios(spec)
    chosen = []
    for name in names or [default_scenario(spec).name]:
        if name not in by_name:
            raise UserError(
                f"there is no scenario `{name}`", unknown_name_hint(name, by_name) or "list them: --list"
            )
        if by_name[name].prometheus_only and programs.missing:
            raise UserError(f"only Prometheus can see `{name}`", how_to_install())
        chosen.append(by_name[name])
    return chosen


def _backend(spec: Resolved, programs: Programs) -> AbstractContextManager[DemoBackend]:
    """Return a backend of the installed programs, or of this process with a message if one is missing."""
    from victor_monitoring.demo.backend import in_process_backend
    from victor_monitoring.demo.chain import chain_backend
    from victor_monitoring.demo.programs import how_to_install

    if not programs.missing:
        print_message("Prometheus and Alertmanager start, which takes some seconds")
        return chain_backend(spec, programs)
    print_message(
        f"without {' and '.join(programs.missing)}: this process evaluates the alerts, and delivers none"
    )
    print_message(f"hint: {how_to_install()}")
    return in_process_backend(spec)


if TYPE_CHECKING:
    from rich.console import RenderableType

    from victor_monitoring.demo.play import PlayFrame
    from victor_monitoring.demo.serving.summary import ViewState
    from victor_monitoring.language.resolved.spec import Resolved

_STYLES: Final[Mapping[str, str]] = {
    "inactive": "dim", "pending": "yellow", "firing": "red", "muted": "magenta", "delivered": "bold red",
    "resolved": "green",
}  # fmt: skip


def show_frames(spec: Resolved, frames: Iterator[PlayFrame]) -> None:
    """Print every frame as it arrives: as a table on a terminal, else as lines."""
    if sys.stdout.isatty():
        _on_terminal(spec, frames)
    else:
        _in_lines(frames)


class News:
    """The changes from one frame to the next."""

    def __init__(self) -> None:
        self._phase = ""
        self._states: dict[str, ViewState] = {}

    def lines(self, frame: PlayFrame) -> Iterator[str]:
        """Yield a line for a new phase, and one for each alert whose state has changed."""
        if frame.phase != self._phase:
            self._phase = frame.phase
            yield f"{frame.seconds:6.1f} s  {frame.phase}"
        for each in frame.snapshot.news(self._states):
            about = f": {each.about}" if each.about else ""
            yield f"{frame.seconds:6.1f} s  {each.name} {each.state}{about}"


def _in_lines(frames: Iterator[PlayFrame]) -> None:
    news = News()
    for frame in frames:
        for line in news.lines(frame):
            print(line, flush=True)


def _on_terminal(spec: Resolved, frames: Iterator[PlayFrame]) -> None:
    """Print the lines of changes, with the current table below them."""
    from rich.live import Live

    news = News()
    with Live(auto_refresh=False) as live:
        for frame in frames:
            for line in news.lines(frame):
                live.console.print(line, markup=False, highlight=False)
            live.update(_table(spec, frame), refresh=True)


def _table(spec: Resolved, frame: PlayFrame) -> RenderableType:
    from rich.table import Table
    from rich.text import Text

    title = f"{spec.service.title}, {frame.seconds:.0f} s: {frame.phase}"
    table = Table("Signal", "Value", "Of", "Alert", "State", title=title)
    table.columns[1].justify = "right"
    for row in frame.snapshot.rows:
        for number, alert_view in enumerate(row.alerts):
            cells = (row.title, row.value, row.of) if number == 0 else ("", "", "")
            name = f"{alert_view.name} {alert_view.condition}".strip()
            style = _STYLES[alert_view.state]
            table.add_row(*cells, Text(name, style), Text(alert_view.state, style))
    return table
