"""A small spec, expositions that match it, and the diagnostics of edited ones."""

from __future__ import annotations

import datetime
from collections.abc import Sequence
from pathlib import Path

from victor_monitoring.app.pipeline import Compiled, compile_spec
from victor_monitoring.base.diagnostics import Diagnostic, Source
from victor_monitoring.base.spec_file import read
from victor_monitoring.live.exposition.parse import parse
from victor_monitoring.live.exposition.verify import verify

FIXTURES = Path(__file__).parent / "fixtures"
SPEC = FIXTURES / "shop.yaml"
RIGHT = {"text": FIXTURES / "shop.prom", "openmetrics": FIXTURES / "shop.openmetrics"}

Edits = Sequence[tuple[str, str]]


def compiled() -> Compiled:
    """Return the small spec, compiled."""
    return compile_spec(read(SPEC, SPEC.name), today=datetime.date(2026, 11, 23))


def edited(how: str, *edits: tuple[str, str]) -> str:
    """Return the matching exposition in a format, with texts replaced; each old text must occur."""
    text = RIGHT[how].read_text(encoding="utf-8")
    for old, new in edits:
        assert old in text
        text = text.replace(old, new)
    return text


def found(
    text: str, *, context: str | None = None, components: Sequence[str] | None = None
) -> list[Diagnostic]:
    """Return the diagnostics of an exposition."""
    spec = compiled()
    resolved = spec.base if context is None else spec.contexts[context]
    assert resolved is not None
    return verify(resolved, spec.trees[context], parse(Source("metrics", text)), components=components)


def marked(diagnostic: Diagnostic) -> str:
    """Return the file and the text under the carets of a diagnostic."""
    span = diagnostic.span
    return f"{span.source.name}: {span.source.line(span.line)[span.column - 1 : span.end_column - 1]}"
