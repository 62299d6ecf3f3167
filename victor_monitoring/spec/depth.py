"""How deep a spec may nest, and what is told of one that nests deeper."""

from __future__ import annotations

from victor_monitoring.diagnostics import Diagnostic, Span
from victor_monitoring.spec.mistakes import TOO_DEEP

MAX_DEPTH = 50


def too_deep(span: Span) -> Diagnostic:
    """What is told of the first bracket, dash or key that stands too deep."""
    return TOO_DEEP.at(span, f"this is nested more than {MAX_DEPTH} levels deep", "is a bracket not closed?")
