"""Tables of test results, printed at the end of the run."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, cast

import pytest

KEY = "row of a table"  # the name of the test property that contains a row


def row(title: str, cells: Mapping[str, str]) -> tuple[str, dict[str, Any]]:
    """Return the property by which a test records a row of a table: its title, and its cells by column."""
    return KEY, {"title": title, "cells": dict(cells)}


def tables(reports: Sequence[pytest.TestReport]) -> Iterator[tuple[str, list[str]]]:
    """Yield the title and the lines of each table whose rows were recorded by tests."""
    found: dict[str, list[dict[str, str]]] = {}
    for report in reports:
        for key, value in report.user_properties:
            if key == KEY:
                each = cast("dict[str, Any]", value)
                found.setdefault(each["title"], []).append(each["cells"])
    for title, cells in found.items():
        yield title, _lines(cells)


def _lines(cells: Sequence[Mapping[str, str]]) -> list[str]:
    head = list(cells[0])
    rows = [head, *([each[name] for name in head] for each in cells)]
    widths = [max(len(each[column]) for each in rows) for column in range(len(head))]
    rows.insert(1, ["-" * width for width in widths])
    padded = ([cell.ljust(width) for cell, width in zip(each, widths, strict=True)] for each in rows)
    return [" | ".join(each).rstrip() for each in padded]
