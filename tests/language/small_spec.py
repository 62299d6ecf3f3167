"""A small spec with a given body: its compilation and its diagnostics."""

from __future__ import annotations

import datetime
import textwrap

from victor_monitoring.app.pipeline import Compiled, compile_spec
from victor_monitoring.base.diagnostics import Source

HEAD = """\
victor_mon: 1
service: {name: shop, title: Shop, owner: sales, metric_prefix: shop_, select: {job: shop}}
"""
TODAY = datetime.date(2026, 11, 23)


def compiled(body: str, head: str = HEAD) -> Compiled:
    """Return the compiled spec of a small service with this body, which begins on line 3."""
    return compile_spec(Source("spec", head + textwrap.dedent(body)), today=TODAY)


def diagnosed(body: str, head: str = HEAD) -> list[str]:
    """Return each diagnostic in order: line and column, code, message and hint."""
    return [
        f"{each.span.line}:{each.span.column} {each.code} {each.message}; {each.hint}"
        for each in compiled(body, head).diagnostics
    ]
