"""Diagnostics as GitHub workflow commands, which show them at the lines of a pull request."""

from __future__ import annotations

from collections.abc import Sequence

from victor_monitoring.base.diagnostics import Diagnostic, Severity
from victor_monitoring.reporters._visible import path, visible

_COMMANDS = {Severity.ERROR: "error", Severity.WARNING: "warning", Severity.NOTE: "notice"}


def report(diagnostics: Sequence[Diagnostic], *, colour: bool = False) -> str:
    """Return one command per line; empty without diagnostics."""
    return "".join(f"{_command(each)}\n" for each in diagnostics)


def _command(diagnostic: Diagnostic) -> str:
    span = diagnostic.span
    properties: dict[str, str | int] = {
        "file": path(span.source.name),
        "line": span.line,
        "endLine": span.end_line,
    }
    if span.line == span.end_line:  # GitHub takes columns on one line only
        properties |= {"col": span.column, "endColumn": span.end_column}
    properties["title"] = f"{diagnostic.code} {diagnostic.name}"
    written = ",".join(f"{key}={_property(str(value))}" for key, value in properties.items())
    message = visible(diagnostic.message)
    if diagnostic.hint:
        message += f"\nhint: {visible(diagnostic.hint)}"
    return f"::{_COMMANDS[diagnostic.severity]} {written}::{_data(message)}"


def _data(text: str) -> str:
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _property(text: str) -> str:
    return _data(text).replace(":", "%3A").replace(",", "%2C")
