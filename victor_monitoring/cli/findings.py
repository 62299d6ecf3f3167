"""Findings printed, and what they make of the exit status."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from typing import TextIO

import typer

from victor_monitoring.cli.options import Format
from victor_monitoring.diagnostics import Diagnostic, Severity


def show(diagnostics: Sequence[Diagnostic], how: Format, stream: TextIO) -> None:
    """Prints the findings; colour only on a terminal, and not where NO_COLOR is set."""
    from victor_monitoring.reporters import reporter

    colour = stream.isatty() and not os.environ.get("NO_COLOR")
    text = reporter(how.value)(diagnostics, colour=colour)
    stream.write(text)
    stream.flush()


def fails(diagnostics: Sequence[Diagnostic], strict: bool = False) -> bool:
    """Whether the findings make a command fail: errors, and warnings where `strict`."""
    least = Severity.WARNING if strict else Severity.ERROR
    return any(each.severity >= least for each in diagnostics)


def stop_on_errors(diagnostics: Sequence[Diagnostic], how: Format = Format.TEXT) -> None:
    """Ends the command with 1 where there are errors, and prints all findings then: text is not data."""
    if fails(diagnostics):
        show(diagnostics, how, sys.stderr if how is Format.TEXT else sys.stdout)
        raise typer.Exit(1)


def say(text: str) -> None:
    """Tells the user what was done; not data, so not on stdout."""
    from victor_monitoring.reporters._visible import visible_lines

    print(visible_lines(text), file=sys.stderr)
