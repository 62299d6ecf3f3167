"""Diagnostics found, and those expected: comments in specs with the edits that repair them.

`# expect: VM101@25 VM102` at the end of a line: VM101 at column 25, VM102 at any column, and nothing else.

`# fix: OLD -> NEW` below it, once for each edit that the hints ask for: OLD is replaced in the line of the
expectation or, if it is not there, in the only other line with it. Without NEW it is removed.
"""

from __future__ import annotations

import datetime
import re
from collections.abc import Iterator, Sequence
from pathlib import Path

from victor_monitoring.app.pipeline import compile_spec
from victor_monitoring.base.diagnostics import Diagnostic
from victor_monitoring.base.spec_file import read
from victor_monitoring.checks.check import Check

TODAY = datetime.date(2026, 11, 23)
HERE = Path(__file__).parent
FIXTURES = sorted((HERE / "fixtures").glob("*.yaml"))
MISTAKES = sorted((HERE / "mistakes").glob("*.yaml"))

_EXPECT = re.compile(r"# expect: (.+)$")
_FIX = re.compile(r"\s*# fix: (?P<old>.+?) ->(?: (?P<new>.+))?$")

Place = tuple[int, int | None, str]  # line, column if one is expected, code


def expected(path: Path) -> list[Place]:
    """Return the diagnostics that the comments of a spec expect, sorted."""
    return sorted(_expected(path), key=str)


def found(path: Path, checks: Sequence[Check] | None = None) -> list[Place]:
    """Return the diagnostics of a spec, sorted; with their column only if one is expected."""
    wanted = expected(path)
    places = (
        (each.span.line, each.span.column, each.code)
        if (each.span.line, each.span.column, each.code) in wanted
        else (each.span.line, None, each.code)
        for each in diagnostics(path, checks)
    )
    return sorted(places, key=str)


def diagnostics(path: Path, checks: Sequence[Check] | None = None) -> Sequence[Diagnostic]:
    """Return all diagnostics of the spec at `path`, with its file name as the source's name."""
    return compile_spec(read(path, path.name), today=TODAY, checks=checks).diagnostics


def repaired(text: str) -> str:
    """Return a spec's text after the edits of its `fix` comments; lines keep their numbers."""
    lines = text.splitlines()
    fixes = [_FIX.match(line) for line in lines]
    expecting = 0
    for number, fix in enumerate(fixes):
        if fix is None:
            expecting = number
            continue
        others = [each for each, line in enumerate(lines) if fix["old"] in line and fixes[each] is None]
        (place,) = [expecting] if expecting in others else others
        before, after = lines[place].split(fix["old"])
        lines[place] = before + (fix["new"] or "") + after
    return "\n".join("" if fix else line for line, fix in zip(lines, fixes, strict=True)) + "\n"


def _expected(path: Path) -> Iterator[Place]:
    for number, line in enumerate(path.read_text("utf-8").splitlines(), start=1):
        match = _EXPECT.search(line)
        for each in match[1].split() if match else ():
            code, _, column = each.partition("@")
            yield number, int(column) if column else None, code
