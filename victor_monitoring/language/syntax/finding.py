"""Findings: a message and hint about a path of the tree, before it has a position."""

from __future__ import annotations

from dataclasses import dataclass

from victor_monitoring.base.diagnostics import Diagnostic, Pattern, Span
from victor_monitoring.language.syntax.tree import MapNode, Path, ScalarNode, at, span_at


@dataclass(frozen=True, slots=True)
class Finding:
    """A mistake at `path`: its key when `on_key`, else its value, or `part` (start, end) of its text.

    A check leaves `pattern` out: the runner uses the check's own.
    """

    path: Path
    message: str
    hint: str = ""
    part: tuple[int, int] | None = None
    on_key: bool = False
    pattern: Pattern | None = None


def locate(finding: Finding, pattern: Pattern, tree: MapNode) -> Diagnostic:
    """Return the finding as a diagnostic with its position in the text."""
    return pattern.at(_span(finding, tree), finding.message, finding.hint)


def _span(finding: Finding, tree: MapNode) -> Span:
    node = at(tree, finding.path) if finding.part else None
    if finding.part and isinstance(node, ScalarNode):
        return node.part(*finding.part)
    return span_at(tree, finding.path, key=finding.on_key)
