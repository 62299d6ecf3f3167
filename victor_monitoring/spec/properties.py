"""Anchors and tags in front of a value: where the value itself starts, and why no tag is accepted."""

from __future__ import annotations

import re

from victor_monitoring.diagnostics import Diagnostic, Span
from victor_monitoring.spec.mistakes import YAML_TAG
from victor_monitoring.spec.quoting import quoted, shown
from victor_monitoring.spec.tree import Place, ScalarNode

_PROPERTY = re.compile(r"(?:[&!]\S*)?\s*(?:#.*)?")
_TAG = re.compile(r"!\S*")
_COMPARISON = re.compile(r"!(?:=|~|$)")
_TEXT_TAGS = ("!", "tag:yaml.org,2002:str")


def skip_properties(node: Place) -> None:
    """Move the start of `node` behind its anchor and its tag, on a later line if it stands there."""
    line, column = node.line, node.column
    end = (node.end_line, node.end_column)
    while (line, column) < end:
        text = node.source.line(line)
        found = _PROPERTY.match(text, column - 1)
        if found is None or (not found[0] and column <= len(text)):
            break
        line, column = (line + 1, 1) if found.end() == len(text) else (line, found.end() + 1)
    node.line, node.column = min((line, column), end)


def tag_mistake(place: Place) -> Diagnostic:
    """The mistake of a node whose anchor and tag start at `place`, where the whole node is on one line."""
    text = place.source.line(place.line)
    found = _TAG.search(text, place.column - 1)
    start = found.start() if found else place.column - 1
    one_line = place.end_line == place.line and isinstance(place, ScalarNode)
    written = text[start : place.end_column - 1] if one_line else text[start:]
    tag = found[0] if found else "!"
    span = Span(place.source, place.line, start + 1, place.line, start + 1 + len(tag))
    message = f"a bare `!` starts a tag in YAML, so {shown(tag)} is no part of the value in {shown(written)}"
    delete = "" if _COMPARISON.match(tag) else f"delete {shown(tag)}, or "
    return YAML_TAG.at(span, message, f"{delete}quote the whole value: {shown(quoted(written))}")


def tagged_text(node: ScalarNode, tag: str) -> str | None:
    """The text that a tagged plain scalar is taken for, or None where it is to be read without its tag."""
    if tag in _TEXT_TAGS:
        return node.text
    text = node.source.line(node.line)
    written = text[node.column - 1 : node.end_column - 1] if node.line == node.end_line else ""
    return written if _COMPARISON.match(written) else None
