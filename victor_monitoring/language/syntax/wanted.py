"""Hints for a value of the wrong type: how to write the text, list or mapping that the key requires."""

from __future__ import annotations

import datetime

from victor_monitoring.base.diagnostics import Span
from victor_monitoring.language.syntax.mistakes import quoted, shown
from victor_monitoring.language.syntax.tree import ListNode, MapNode, Node, ScalarNode

_MARKS = "\"'{}[]&*!|>%@`#,"


def text_wanted_hint(node: Node) -> str:
    """Return how to write `node` as text; empty if it is text."""
    if not isinstance(node, ScalarNode):
        return _unquoted_brackets(node)
    written = node.text
    match node.value:
        case str():
            return ""
        case None if not written:
            return f"write a text, or `{quoted('')}` for an empty one"
        case None:
            return _quote(written, "nothing")
        case bool():
            return _quote(written, "a boolean")
        case datetime.date():
            return _quote(written, "a date")
        case _:
            return _quote(written, "a number")


def list_wanted_hint(node: Node) -> str:
    """Return how to write `node` as a list; empty if it is a list."""
    if isinstance(node, ListNode):
        return ""
    if isinstance(node, MapNode):
        return "put `- ` in front of each item"
    if node.style == "" and node.text.startswith("-"):
        return f"put a space after the dash: `- {node.text[1:].split(' ')[0]}`"
    return f"put it into brackets: `[{_as_item(node)}]`" if node.text else "write a list such as `[a, b]`"


def mapping_wanted_hint(node: Node) -> str:
    """Return how to write `node` as a mapping; empty if it is a mapping."""
    if isinstance(node, MapNode):
        return ""
    if isinstance(node, ListNode):
        return "write `key: value` lines without dashes"
    key, colon, value = node.text.partition(":")
    if node.style == "" and colon and value and " " not in key:
        return f"put a space after the colon: `{key}: {value.split(' ')[0]}`"
    return "write `key: value` lines below it, indented"


def cut_comment(node: Node) -> Span | None:
    """Return the comment that may be a lost part of the text, as in `summary: 50% # of it`, or None.

    Such a comment follows a plain scalar after exactly one space. Use it for prose only: elsewhere such
    comments are common and harmless.
    """
    if not isinstance(node, ScalarNode) or node.style or not node.text:
        return None
    line = node.source.line(node.end_line)
    start = node.end_column - 1
    if not line.startswith(" #", start):
        return None
    return Span(node.source, node.end_line, start + 2, node.end_line, len(line.rstrip()) + 1)


def _quote(written: str, kind: str) -> str:
    return f"a bare `{written}` is {kind} in YAML: quote it, `{quoted(written)}`"


def _unquoted_brackets(node: ListNode | MapNode) -> str:
    line = node.source.line(node.line)
    opening = line[node.column - 1 : node.column]
    if opening not in ("{", "["):
        kind = "list" if isinstance(node, ListNode) else "mapping"
        return f"write one text here, not a {kind}"
    end = node.end_column - 1 if node.end_line == node.line else None
    written = line[node.column - 1 : end]
    kind = "mapping" if opening == "{" else "list"
    return f"a bare `{opening}` starts a {kind} in YAML: quote the whole text, {shown(quoted(written))}"


def _as_item(node: ScalarNode) -> str:
    plain = node.style == "" and not set(node.text) & set(_MARKS)
    return node.text if plain else quoted(node.text)
