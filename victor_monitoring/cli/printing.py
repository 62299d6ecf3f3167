"""Printed findings, messages and progress, and the exit status that findings lead to."""

from __future__ import annotations

import os
import sys
import threading
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from types import TracebackType
from typing import Self, TextIO

import typer

from victor_monitoring.base.diagnostics import Diagnostic, Severity, Source
from victor_monitoring.cli.options import Format


def show(diagnostics: Sequence[Diagnostic], how: Format, stream: TextIO) -> None:
    """Print the findings; in colour on a terminal unless NO_COLOR is set."""
    stream.write(report(diagnostics, how, colour=stream.isatty() and not os.environ.get("NO_COLOR")))
    stream.flush()


def report(diagnostics: Sequence[Diagnostic], how: Format, *, colour: bool = False) -> str:
    """Return the findings in a format, each once: specs that extend one file have its findings in common.

    Formats for machines name files by their paths from the root of the git repository.
    """
    from victor_monitoring.reporters import reporter

    found = list(dict.fromkeys(diagnostics))
    if how is not Format.TEXT:
        named = {each.span.source: _from_root(each.span.source) for each in found}
        found = [replace(each, span=replace(each.span, source=named[each.span.source])) for each in found]
    return reporter(how.value)(found, colour=colour)


def _from_root(source: Source) -> Source:
    """Return the source by its path from the root of its repository; unchanged if it has none, or no path."""
    path = Path(source.name)
    if not path.is_absolute() and not path.exists():  # such as a URL, or a file at a revision
        return source
    path = Path(os.path.abspath(path))  # noqa: PTH100 - a link keeps its own place in the repository
    root = next((each for each in path.parents if (each / ".git").exists()), None)
    return source if root is None else replace(source, name=path.relative_to(root).as_posix())


def fails(diagnostics: Sequence[Diagnostic], strict: bool = False) -> bool:
    """Return whether the findings make a command fail: errors do, with `strict` also warnings."""
    least = Severity.WARNING if strict else Severity.ERROR
    return any(each.severity >= least for each in diagnostics)


def stop_on_errors(diagnostics: Sequence[Diagnostic], how: Format = Format.TEXT) -> None:
    """Print all findings and exit with 1 if one is an error; text goes to stderr, as it is not data."""
    if fails(diagnostics):
        show(diagnostics, how, sys.stderr if how is Format.TEXT else sys.stdout)
        raise typer.Exit(1)


def print_message(text: str) -> None:
    """Print a message to stderr: it is not data."""
    from victor_monitoring.reporters._visible import visible_lines

    print(visible_lines(text), file=sys.stderr)


class Progress:
    """A counter on a line of the terminal, erased at the end; silent if stderr is no terminal.

    Without a total only the count is shown.
    """

    def __init__(self, name: str, total: int | None) -> None:
        self._name, self._total, self._done = name, total, 0
        self._lock = threading.Lock()
        self._shown = sys.stderr.isatty()

    def __enter__(self) -> Self:
        self.add(0)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._shown:
            sys.stderr.write("\r\x1b[K")
            sys.stderr.flush()

    def add(self, count: int) -> None:
        """Add to the number of finished items."""
        with self._lock:
            self._done += count
            if self._shown:
                total = "" if self._total is None else f" of {self._total}"
                sys.stderr.write(f"\r\x1b[K{self._name}: {self._done}{total}")
                sys.stderr.flush()
