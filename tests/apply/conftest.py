"""One live world for each file of tests; every test begins with nothing applied."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.apply.world import World, world


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Prints the faults that were injected and what became of each target, as a table."""
    rows = [
        row
        for report in terminalreporter.getreports("passed")
        for key, row in report.user_properties
        if key == "fault"
    ]
    if rows:
        terminalreporter.section("faults while applying to three targets, and what was told and true")
        head = ["at", "fault", "first prometheus", "second prometheus", "alertmanager"]
        widths = [max(len(row[column]) for row in (head, *rows)) for column in range(len(head))]
        for row in (head, ["-" * width for width in widths], *rows):
            line = " | ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True))
            terminalreporter.write_line(line.rstrip())


@pytest.fixture(scope="module")
def _everything(
    prometheus: Path,
    promtool: Path,
    alertmanager: Path,
    amtool: Path,
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[World]:
    with world(tmp_path_factory.mktemp("world")) as found:
        yield found


@pytest.fixture
def brewery(_everything: World) -> World:
    """The brewery, with nothing applied."""
    _everything.reset()
    return _everything
