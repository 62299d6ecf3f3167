"""The located tree: YAML mappings, sequences and scalars, each with its position in the text."""

from __future__ import annotations

import datetime
from dataclasses import dataclass, replace
from typing import TypeAlias

from victor_monitoring.base.diagnostics import Source, Span
from victor_monitoring.language.syntax.offsets import within_block, within_line

ScalarValue: TypeAlias = str | int | float | bool | datetime.date | None
PlainValue: TypeAlias = "ScalarValue | list[PlainValue] | dict[str, PlainValue]"
Key: TypeAlias = str | int
Path: TypeAlias = tuple[Key, ...]


@dataclass(slots=True, eq=False)
class NodePosition:
    """The position of a node, counted as in `Span`; flat, because a large spec has 10^5 of them."""

    source: Source
    line: int
    column: int
    end_line: int
    end_column: int

    @property
    def span(self) -> Span:
        """The position as a span."""
        return Span(self.source, self.line, self.column, self.end_line, self.end_column)


@dataclass(slots=True, eq=False)
class ScalarNode(NodePosition):
    """A scalar. `style` is the quote (`'` or `"`), `|` or `>` of a block, or empty for a plain one."""

    value: ScalarValue
    text: str  # the text as decoded: without quotes, escapes and folding
    style: str

    def part(self, start: int, end: int) -> Span:
        """Return the span of `text[start:end]`; of the whole scalar if escapes or folding prevent that."""
        start = max(0, min(start, len(self.text)))
        end = max(start, min(end, len(self.text)))
        found = None
        if self.style == "|":
            found = within_block(self.source.lines, self.line + 1, self.text, start, end)
        elif self.line == self.end_line:
            raw = self.source.line(self.line)[self.column - 1 : self.end_column - 1]
            columns = within_line(raw, self.style, self.text)
            if columns:
                first, last = self.column + columns[start], self.column + columns[end]
                found = (self.line, first, self.line, last)
        return Span(self.source, *found) if found else self.span


@dataclass(slots=True, eq=False)
class ListNode(NodePosition):
    """A sequence."""

    items: list[Node]


@dataclass(slots=True, eq=False)
class Entry:
    """A key of a mapping, with its own position, and its value."""

    key: ScalarNode
    node: Node


@dataclass(slots=True, eq=False)
class MapNode(NodePosition):
    """A mapping, in the order of the text; entries merged by `<<` come first."""

    entries: dict[str, Entry]


Node: TypeAlias = ScalarNode | ListNode | MapNode


def plain(node: Node) -> PlainValue:
    """Return the tree as plain Python data; a node that aliases repeat becomes one shared object."""
    return _plain(node, {})


def _plain(node: Node, done: dict[int, PlainValue]) -> PlainValue:
    if isinstance(node, ScalarNode):
        return node.value
    if id(node) not in done:
        if isinstance(node, ListNode):
            done[id(node)] = [_plain(item, done) for item in node.items]
        else:
            done[id(node)] = {key: _plain(entry.node, done) for key, entry in node.entries.items()}
    return done[id(node)]


def child(node: Node, key: Key) -> Node | None:
    """Return the node at `key` (a key of a mapping, an index of a sequence), or None."""
    if isinstance(node, MapNode) and isinstance(key, str):
        return node.entries[key].node if key in node.entries else None
    if isinstance(node, ListNode) and isinstance(key, int) and 0 <= key < len(node.items):
        return node.items[key]
    return None


def at(node: Node, path: Path) -> Node | None:
    """Return the node at `path`, or None."""
    found: Node | None = node
    for key in path:
        found = child(found, key) if found is not None else None
    return found


def merged(below: MapNode, above: MapNode, *, at_above: bool = False) -> MapNode:
    """Return `below` with `above` merged in: mappings are merged, all other values replaced.

    A mapping of both has its position in `below`, or that in `above` if `at_above`. The result shares nodes
    with both, which are not changed.
    """
    entries = dict(below.entries)
    for name, entry in above.entries.items():
        existing = entries.get(name)
        if existing and isinstance(existing.node, MapNode) and isinstance(entry.node, MapNode):
            key = entry.key if at_above else existing.key
            entries[name] = Entry(key, merged(existing.node, entry.node, at_above=at_above))
        else:
            entries[name] = entry
    return replace(above if at_above else below, entries=entries)


def keys_beside(parent: Node | None, key: str) -> list[str]:
    """Return the keys that are written in one mapping with `key`, without those merged in from elsewhere."""
    if not isinstance(parent, MapNode):
        return []
    written = [name for name, entry in parent.entries.items() if entry.key.span in parent.span]
    return written if key in written else []


def span_at(root: Node, path: Path, *, key: bool = False) -> Span:
    """Return the span of the value at `path`, or of its key when `key`.

    If the path does not exist, return the span of its nearest existing parent: of the parent's key if it has
    one (a missing field is shown at the name of its mapping), else of its value.
    """
    parent: Node | None = None
    node = root
    for depth, step in enumerate(path):
        inner = child(node, step)
        if inner is None:
            return _key_or_value(parent, path[depth - 1], node) if depth else node.span
        parent, node = node, inner
    return _key_or_value(parent, path[-1], node) if key and path else node.span


def _key_or_value(parent: Node | None, step: Key, node: Node) -> Span:
    if isinstance(parent, MapNode) and isinstance(step, str):
        return parent.entries[step].key.span
    return node.span
