"""The places of panels on Grafana's grid."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

COLUMNS: Final = 24
TITLE_HEIGHT: Final = 1
PANEL_HEIGHT: Final = 8
_MOST_IN_A_LINE: Final = 4


@dataclass(frozen=True, slots=True)
class GridRectangle:
    """A rectangle in grid units, measured from the top left."""

    x: int
    y: int
    width: int
    height: int


def title_place(top: int) -> GridRectangle:
    """Return the place of a row's title."""
    return GridRectangle(0, top, COLUMNS, TITLE_HEIGHT)


def panel_places(count: int, top: int) -> Iterator[GridRectangle]:
    """Yield the places of the panels of a row whose title is at `top`.

    Lines have at most four panels, evenly distributed, and each line fills the width.
    """
    lines = -(-count // _MOST_IN_A_LINE)
    for line in range(lines):
        size = count // lines + (line < count % lines)
        width = COLUMNS // size
        for index in range(size):
            yield GridRectangle(index * width, top + TITLE_HEIGHT + line * PANEL_HEIGHT, width, PANEL_HEIGHT)


def bottom(count: int, top: int) -> int:
    """Return the top of the next row, below a row of `count` panels whose title is at `top`."""
    return top + TITLE_HEIGHT + -(-count // _MOST_IN_A_LINE) * PANEL_HEIGHT
