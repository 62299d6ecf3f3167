"""Diagnostics for programs, as one JSON document with stable keys."""

from __future__ import annotations

import json
from collections.abc import Sequence

from victor_monitoring.base.diagnostics import Diagnostic
from victor_monitoring.reporters._visible import counts, path

VERSION = 1


def report(diagnostics: Sequence[Diagnostic], *, colour: bool = False) -> str:
    """Return the document; lines and columns count characters from 1, and ends are exclusive."""
    document = {
        "version": VERSION,
        "diagnostics": [as_data(each) for each in diagnostics],
        "counts": {severity.word: count for severity, count in counts(diagnostics).items()},
    }
    return json.dumps(document, indent=2) + "\n"


def as_data(diagnostic: Diagnostic) -> dict[str, str | int]:
    """Return a diagnostic as a JSON object of the document."""
    span = diagnostic.span
    return {
        "code": diagnostic.code,
        "name": diagnostic.name,
        "severity": diagnostic.severity.word,
        "message": diagnostic.message,
        "hint": diagnostic.hint,
        "file": path(span.source.name),
        "line": span.line,
        "column": span.column,
        "endLine": span.end_line,
        "endColumn": span.end_column,
    }
