"""Specs that say on their own lines what is to be found there, and what was found in comparison.

`# expect: VM101@25 VM102` at the end of a line: VM101 at column 25 and VM102 anywhere, nothing else.
"""

from __future__ import annotations

import datetime
import re
from collections.abc import Iterator, Sequence
from pathlib import Path

from victor_monitoring.app.pipeline import compile_spec
from victor_monitoring.base.diagnostics import Diagnostic
from victor_monitoring.checks.check import Check
from victor_monitoring.language.syntax.load import read

TODAY = datetime.date(2026, 11, 23)
HERE = Path(__file__).parent
FIXTURES = sorted((HERE / "fixtures").glob("*.yaml"))
MISTAKES = sorted((HERE / "mistakes").glob("*.yaml"))

_EXPECT = re.compile(r"# expect: (.+)$")

Place = tuple[int, int | None, str]  # line, column where it is expected, code


def expected(path: Path) -> list[Place]:
    """What a spec says is to be found in it, in order."""
    return sorted(_expected(path), key=str)


def found(path: Path, checks: Sequence[Check] | None = None) -> list[Place]:
    """What is found in a spec, in order; columns only where one is expected."""
    wanted = expected(path)
    places = (
        (each.span.line, each.span.column, each.code)
        if (each.span.line, each.span.column, each.code) in wanted
        else (each.span.line, None, each.code)
        for each in diagnostics(path, checks)
    )
    return sorted(places, key=str)


def diagnostics(path: Path, checks: Sequence[Check] | None = None) -> Sequence[Diagnostic]:
    """Everything that is said of the spec at `path`, under its name alone."""
    return compile_spec(read(path, path.name), today=TODAY, checks=checks).diagnostics


def _expected(path: Path) -> Iterator[Place]:
    for number, line in enumerate(path.read_text("utf-8").splitlines(), start=1):
        match = _EXPECT.search(line)
        for each in match[1].split() if match else ():
            code, _, column = each.partition("@")
            yield number, int(column) if column else None, code
