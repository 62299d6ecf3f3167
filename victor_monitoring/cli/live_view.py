"""Signals and alerts as they stand: a table that is drawn anew on a terminal, else a line for each change."""

from __future__ import annotations

import datetime
import sys
import time
from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager, nullcontext
from typing import TYPE_CHECKING, Final

from victor_monitoring.errors import UserError

if TYPE_CHECKING:
    from rich.table import Table

    from victor_monitoring.serving.summary import States, Told
    from victor_monitoring.serving.watch import View, Watch

_REFRESH: Final = 0.5  # seconds
_STYLES: Final[Mapping[str, str]] = {"inactive": "dim", "pending": "yellow", "firing": "bold red"}


def live_view(watch: Watch, *, is_alive: Callable[[], bool]) -> None:
    """Shows what is watched until something else ends it; UserError where the server has ended by itself."""
    show, shown = _on_terminal(watch) if sys.stdout.isatty() else _in_lines()
    with shown:
        while is_alive():
            show(watch.view())
            time.sleep(_REFRESH)
    raise UserError("the HTTP server has ended", "what it has said stands above")


def _in_lines() -> tuple[Callable[[View], None], AbstractContextManager[object]]:
    """A line for each alert that changes its state."""
    from victor_monitoring.serving.summary import news, states

    before: States = {}

    def show(view: View) -> None:
        now = datetime.datetime.now().astimezone().strftime("%H:%M:%S")
        for name, state, about in news(before, view):
            print(f"{now} {name} {state}: {about}", flush=True)
        before.update(states(view))

    return show, nullcontext()


def _on_terminal(watch: Watch) -> tuple[Callable[[View], None], AbstractContextManager[object]]:
    """The table of all signals."""
    from rich.live import Live

    live = Live(auto_refresh=False)

    def show(view: View) -> None:
        live.update(_table(watch, view), refresh=True)

    return show, live


def _table(watch: Watch, view: View) -> Table:
    from rich.box import SIMPLE_HEAD
    from rich.table import Table
    from rich.text import Text

    from victor_monitoring.serving.summary import rows

    table = Table("Signal", "Value", "Alerts", box=SIMPLE_HEAD, title=watch.spec.service.title)
    table.columns[1].justify = "right"
    for row in rows(watch.spec, view):
        alerts = Text("  ").join(Text(_alert_text(each), _STYLES[each.state]) for each in row.alerts)
        table.add_row(f"{row.title}, {row.of}" if row.of else row.title, row.value, alerts)
    return table


def _alert_text(alert: Told) -> str:
    """Of one that is inactive what it waits for, else its name and state."""
    if alert.state == "inactive":
        return f"{alert.severity} {alert.condition}"
    return f"{alert.name} {alert.condition} {alert.state}"
