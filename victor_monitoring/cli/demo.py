"""`victor-mon demo`: an alert of the spec fires, is delivered and resolves, while one waits."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import AbstractContextManager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from victor_monitoring.cli.findings import say
from victor_monitoring.cli.one_spec import OneSpec, compile_one
from victor_monitoring.cli.options import Today
from victor_monitoring.cli.stopping import stoppable
from victor_monitoring.diagnostics import nearest
from victor_monitoring.errors import UserError

if TYPE_CHECKING:
    from victor_monitoring.demo.programs import Programs
    from victor_monitoring.demo.scenarios import Scenario
    from victor_monitoring.demo.stage import Stage
    from victor_monitoring.resolved.spec import Resolved

_FASTEST = 60  # an hour in a minute
_SHORTEST = 100  # milliseconds between scrapes or evaluations that a small machine keeps up with
_STOPPED = 130  # as shells have it: nobody knows how it would have ended


def _seconds(text: str) -> float:
    from victor_monitoring.signals.duration import parse_duration

    try:
        return parse_duration(text) / 1000
    except ValueError as error:
        raise typer.BadParameter(f"{error}; write one such as `90s` or `2m`") from None


Names = Annotated[
    list[str] | None,
    typer.Option("--scenario", metavar="NAME", help="What goes wrong; repeatable, one after the other."),
]
For = Annotated[
    float | None,
    typer.Option(
        "--for",
        metavar="DURATION",
        parser=_seconds,
        help="How long it goes wrong. Default: until it is delivered.",
    ),
]
List = Annotated[bool, typer.Option("--list", help="List the scenarios, and run none.")]


def demo(
    spec: OneSpec = None, scenario: Names = None, for_: For = None, list_: List = False, today: Today = None
) -> None:
    """Break a simulated service, and show how its alerts fire, are delivered and resolve.

    Example: victor-mon demo --scenario HighLatency
    """
    from victor_monitoring.cli.demo_view import show_frames
    from victor_monitoring.demo.play import Play
    from victor_monitoring.demo.programs import find_programs
    from victor_monitoring.demo.scenarios import scenarios

    fast = _hastened(spec, today)
    if list_:
        known = scenarios(fast)
        width = max(map(len, known))
        print("\n".join(f"{name:<{width}}  {each.text}" for name, each in known.items()))
        return
    programs = find_programs()
    chosen = _chosen(fast, scenario, programs)
    with stoppable() as stop, _stage(fast, programs) as stage:
        for name, url in stage.urls:
            print(f"{name:<24} {url}")
        print(f"times are divided by {fast.time_scale}, thresholds are the spec's", flush=True)
        play = Play(stage, chosen, lasting=for_)
        show_frames(fast, play.frames())
        for failure in play.failures:
            say(failure)
    if stop.wanted:
        raise typer.Exit(_STOPPED)
    if play.failures:
        raise typer.Exit(1)


def _hastened(path: Path | None, today: Today) -> Resolved:
    """The spec at the greatest speed that it allows. Errors in it are printed, and end the command with 1."""
    from victor_monitoring.pipeline import hastened

    compiled = compile_one(path, today)
    assert compiled.base is not None  # a spec without errors is resolved
    shortest = min(compiled.base.scrape, compiled.base.evaluate)
    return hastened(compiled, max(1, min(_FASTEST, shortest // _SHORTEST)))


def _chosen(spec: Resolved, names: Sequence[str] | None, programs: Programs) -> list[Scenario]:
    """The scenarios of these names, or the most telling one; UserError where one cannot be had."""
    from victor_monitoring.demo.programs import how_to_install
    from victor_monitoring.demo.scenarios import most_telling, scenarios

    known = scenarios(spec)
    chosen = []
    for name in names or [most_telling(spec).name]:
        if name not in known:
            raise UserError(f"there is no scenario `{name}`", nearest(name, known) or "list them: --list")
        if known[name].prometheus_only and programs.missing:
            raise UserError(f"only Prometheus can see `{name}`", how_to_install())
        chosen.append(known[name])
    return chosen


def _stage(spec: Resolved, programs: Programs) -> AbstractContextManager[Stage]:
    """Real programs where they are there, else this process, which is said."""
    from victor_monitoring.demo.in_process import in_process_stage
    from victor_monitoring.demo.live_stage import live_stage
    from victor_monitoring.demo.programs import how_to_install

    if not programs.missing:
        say("Prometheus and Alertmanager start, which takes some seconds")
        return live_stage(spec, programs)
    say(f"without {' and '.join(programs.missing)}: this process evaluates the alerts, and delivers none")
    say(f"help: {how_to_install()}")
    return in_process_stage(spec)
