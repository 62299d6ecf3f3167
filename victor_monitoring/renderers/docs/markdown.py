"""Markdown building blocks: tables, code and prose."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence

from victor_monitoring.base.artifacts import generated_notice
from victor_monitoring.language.resolved.spec import Alert, Resolved
from victor_monitoring.promql.duration import duration_text


def generated_comment(spec: Resolved) -> str:
    """Return the comment at the top of a page: it is generated, and from the spec of which service."""
    return f"<!-- {generated_notice(spec.service.name)} -->"


def table(columns: Sequence[str], rows: Iterable[Sequence[str]]) -> Iterator[str]:
    """Yield the lines of a table and an empty line; none if it has no rows."""
    found = list(rows)
    if found:
        yield _row(columns)
        yield "|" + "---|" * len(columns)
        yield from map(_row, found)
        yield ""


def code(text: str) -> str:
    """Return the text as inline code, fenced for any backticks in it; an empty text stays empty."""
    ticks = max((len(run) for run in re.findall("`+", text)), default=0)
    fence, space = "`" * (ticks + 1), " " if ticks else ""
    return f"{fence}{space}{text}{space}{fence}" if text else ""


def prose(text: str) -> str:
    """Return a text of the spec on one line, with its Markdown kept and its HTML escaped."""
    return " ".join(text.split()).replace("<", "&lt;")


def condition(alert: Alert) -> str:
    """Return the condition of an alert and of its guards as the spec writes them."""
    return code(alert.when)


def lasting(alert: Alert) -> str:
    """Return how long the condition must be met, and how long the alert keeps firing afterwards."""
    keeps = f", and {duration_text(alert.keep_firing)} after it" if alert.keep_firing else ""
    return f"{duration_text(alert.pending)}{keeps}"


def _row(cells: Sequence[str]) -> str:
    return "| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |"
