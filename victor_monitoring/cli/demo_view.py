"""A demonstration as one watches it: a line for each change, and on a terminal the table as it stands."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from rich.console import RenderableType

    from victor_monitoring.demo.play import Frame
    from victor_monitoring.resolved.spec import Resolved

_STYLES: Final[Mapping[str, str]] = {
    "inactive": "dim", "pending": "yellow", "firing": "red", "muted": "magenta", "delivered": "bold red",
    "resolved": "green",
}  # fmt: skip


def show_frames(spec: Resolved, frames: Iterator[Frame]) -> None:
    """Shows every frame as it comes."""
    if sys.stdout.isatty():
        _on_terminal(spec, frames)
    else:
        _in_lines(frames)


class News:
    """What has changed since the frame before."""

    def __init__(self) -> None:
        self._phase = ""
        self._states: dict[str, str] = {}

    def lines(self, frame: Frame) -> Iterator[str]:
        """A line for a new phase, and for each alert whose state is another than before."""
        if frame.phase != self._phase:
            self._phase = frame.phase
            yield f"{frame.seconds:6.1f} s  {frame.phase}"
        for name, standing in frame.look.standings.items():
            if standing.state != self._states.get(name, "inactive"):
                self._states[name] = standing.state
                about = f": {standing.about}" if standing.about else ""
                yield f"{frame.seconds:6.1f} s  {name} {standing.state}{about}"


def _in_lines(frames: Iterator[Frame]) -> None:
    news = News()
    for frame in frames:
        for line in news.lines(frame):
            print(line, flush=True)


def _on_terminal(spec: Resolved, frames: Iterator[Frame]) -> None:
    """The lines, and below them the table as it stands."""
    from rich.live import Live

    news = News()
    with Live(auto_refresh=False) as live:
        for frame in frames:
            for line in news.lines(frame):
                live.console.print(line, markup=False, highlight=False)
            live.update(_table(spec, frame), refresh=True)


def _table(spec: Resolved, frame: Frame) -> RenderableType:
    from rich.table import Table
    from rich.text import Text

    title = f"{spec.service.title}, {frame.seconds:.0f} s: {frame.phase}"
    table = Table("Signal", "Value", "Of", "Alert", "State", title=title)
    table.columns[1].justify = "right"
    for row in frame.look.rows:
        for number, standing in enumerate(row.alerts):
            told = (row.title, row.value, row.of) if number == 0 else ("", "", "")
            name = f"{standing.name} {standing.condition}".strip()
            style = _STYLES[standing.state]
            table.add_row(*told, Text(name, style), Text(standing.state, style))
    return table
