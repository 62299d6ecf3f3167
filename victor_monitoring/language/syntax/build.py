"""The builder of the tree: reads the parser's events in a loop, so that no nesting exhausts the stack."""

from __future__ import annotations

import datetime
import re
from dataclasses import dataclass, field
from typing import Any

import yaml

from victor_monitoring.base.diagnostics import Diagnostic, Pattern, Source, Span
from victor_monitoring.language.syntax.mistakes import (
    BAD_ALIAS,
    BAD_CHARACTER,
    BAD_ESCAPE,
    BAD_MERGE,
    DUPLICATE_KEY,
    KEY_NOT_TEXT,
    MANY_DOCUMENTS,
    MAX_DEPTH,
    MISSING_SPACE,
    TOO_LARGE,
    UNQUOTED_COMPARISON,
    quoted,
    shown,
    too_deep,
)
from victor_monitoring.language.syntax.scalars import (
    MisreadScalar,
    resolve,
    skip_properties,
    tag_mistake,
    tagged_text,
)
from victor_monitoring.language.syntax.syntax import syntax_mistake
from victor_monitoring.language.syntax.tree import Entry, ListNode, MapNode, Node, ScalarNode

MAX_FROM_ALIASES = 1_000_000

_Loader: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
_CONTROL = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff]")
_NUMBER_AS_HEADER = re.compile(r"[|>][-+]?[0-9][-+]?$")
_WIDE_SPACES = (
    "\xa0\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a\u200b\u202f\u205f\u3000"
)


class _Stopped(Exception):
    """Raised where reading cannot go on, after its diagnostic is recorded."""


@dataclass(slots=True)
class _Open:
    """A collection whose end has not been read yet."""

    node: ListNode | MapNode
    anchor: str | None
    flow: bool
    size_before: int
    height: int = 1
    waiting: bool = False  # a key was read, and its value is next
    key: ScalarNode | None = None  # that key; None if it is not text: its value is dropped
    merged: list[tuple[ScalarNode, Node]] = field(default_factory=list)  # each with its `<<` key


@dataclass(frozen=True, slots=True)
class _Anchor:
    """A node that aliases may repeat, with its number of nodes and its depth."""

    node: Node
    size: int
    height: int


class Builder:
    """Builds the tree of one source; `diagnostics` are the mistakes found in it."""

    def __init__(self, source: Source) -> None:
        self.diagnostics: list[Diagnostic] = []
        self._source = source
        self._stack: list[_Open] = []
        self._root: Node | None = None
        self._documents = 0
        self._anchors: dict[str, _Anchor | None] = {}  # None while the node is being read
        self._size = 0
        self._from_aliases = 0
        self._last: ScalarNode | None = None
        self._end = (1, 1)  # the end of the last event that has text of its own

    def build(self) -> Node | None:
        """Return the top node of the first document; None if it is missing or its end was not reached."""
        try:
            self._read()
        except _Stopped:
            return self._root
        except (yaml.YAMLError, ValueError) as error:  # ValueError: an escape that PyYAML does not check
            self.diagnostics.append(syntax_mistake(self._source, error, self._last))
            return None
        return self._root

    @property
    def top(self) -> Node | None:
        """The top node, as far as it is built."""
        return self._stack[0].node if self._stack else self._root

    def _read(self) -> None:
        get_event = _Loader(self._source.text).get_event
        steps = {
            yaml.ScalarEvent: self._scalar,
            yaml.MappingStartEvent: self._open,
            yaml.SequenceStartEvent: self._open,
            yaml.MappingEndEvent: self._close,
            yaml.SequenceEndEvent: self._close,
            yaml.AliasEvent: self._alias,
            yaml.DocumentStartEvent: self._document,
        }
        while (kind := type(event := get_event())) is not yaml.StreamEndEvent:
            if kind in steps:
                steps[kind](event)

    def _note(self, mistake: Pattern, span: Span, message: str, hint: str) -> None:
        self.diagnostics.append(mistake.at(span, message, hint))

    def _document(self, event: Any) -> None:
        self._documents += 1
        if self._documents > 1:
            line = event.start_mark.line + 1
            span = Span(self._source, line, 1, line, len(self._source.line(line)) + 1)
            message = "a second YAML document starts here"
            self._note(MANY_DOCUMENTS, span, message, "put it into a file of its own, or delete this line")
            raise _Stopped

    def _scalar(self, event: Any) -> None:
        start, end = event.start_mark, event.end_mark
        text, style = event.value, event.style or ""
        node = ScalarNode(
            self._source, start.line + 1, start.column + 1, end.line + 1, end.column + 1, text, text, style
        )
        self._size += 1
        if node.line > len(self._source.lines):  # an empty value at the end of a text without a last newline
            node.line = node.end_line = len(self._source.lines)
            node.column = node.end_column = len(self._source.lines[-1]) + 1
        if style == "":
            self._plain(node, event.tag)
        elif style == '"':
            if control := _CONTROL.search(text):
                message = f"an escape in the text encodes U+{ord(control[0]):04X}, a control character"
                self._note(
                    BAD_ESCAPE, node.part(*control.span()), message, "delete it, or double the backslash"
                )
        elif style != "'":
            self._block(node)
        if event.anchor or event.tag:
            if event.tag:
                self.diagnostics.append(tag_mistake(node))
            skip_properties(node)
        if event.anchor:
            self._anchors[event.anchor] = _Anchor(node, 1, 0)
        self._last = node
        self._end = (node.end_line, node.end_column)
        self._put(node)

    def _plain(self, node: ScalarNode, tag: str | None) -> None:
        text = node.text
        if tag is not None and (meant := tagged_text(node, tag)) is not None:
            node.value = meant
            return
        node.value, misread = resolve(text)
        if misread or type(node.value) is not str:
            self._report_non_text(node, misread)
        elif text[0] in _WIDE_SPACES:
            span = Span(self._source, node.line, node.column, node.line, node.column + 1)
            message = f"the text starts with U+{ord(text[0]):04X}, which looks like a space but is not one"
            self._note(BAD_CHARACTER, span, message, "retype it as an ordinary space")
        elif text[0] == "-" and self._has_dashed_lines(node):
            span = Span(self._source, node.line, node.column, node.line, node.column + 1)
            message = f"no space follows the dash, so the lines are a single text, {shown(text)}"
            self._note(MISSING_SPACE, span, message, f"put one in: {shown('- ' + text[1:].split(' ')[0])}")

    def _has_dashed_lines(self, node: ScalarNode) -> bool:
        """Return whether a later line of the text starts with a dash, as an item of a list does.

        Between brackets a dash does not start an item.
        """
        if self._stack and self._stack[-1].flow:
            return False
        lines = (self._source.line(number) for number in range(node.line + 1, node.end_line + 1))
        return any(line.lstrip().startswith("-") for line in lines)

    def _report_non_text(self, node: ScalarNode, misread: MisreadScalar | None) -> None:
        """Report a key that is not text, or a value that is not read as it looks."""
        stack = self._stack
        if stack and isinstance(stack[-1].node, MapNode) and not stack[-1].waiting:
            self._note(KEY_NOT_TEXT, node.span, *_non_text_key(node, misread))
        elif misread and not (node.text == "off" and self._is_in_checks()):
            self._note(misread.mistake, node.span, misread.message, misread.hint)

    def _is_in_checks(self) -> bool:
        """Return whether the scalar is a direct value under `checks`, where a bare `off` is allowed."""
        top = self._stack[0].key if len(self._stack) == 2 else None
        return top is not None and top.text == "checks"

    def _block(self, node: ScalarNode) -> None:
        """Cut the blank lines after a block from its position, and report `>5`, an unquoted comparison."""
        if node.end_column == 1:
            node.end_line -= 1
            while node.end_line > node.line and not self._source.line(node.end_line).strip():
                node.end_line -= 1
            node.end_column = len(self._source.line(node.end_line)) + 1
        header = self._source.line(node.line)[node.column - 1 :].strip()
        if not node.text and _NUMBER_AS_HEADER.match(header):
            meaning = "not a comparison" if header[0] == ">" else "an empty block"
            message = f"a bare `{header[0]}` starts a block of text in YAML, so `{header}` is {meaning}"
            span = Span(self._source, node.line, node.column, node.line, node.column + len(header))
            self._note(UNQUOTED_COMPARISON, span, message, f"quote it: `{quoted(header)}`")
            node.value = header

    def _open(self, event: Any) -> None:
        start, end = event.start_mark, event.end_mark
        place = (self._source, start.line + 1, start.column + 1, end.line + 1, end.column + 1)
        node = MapNode(*place, {}) if type(event) is yaml.MappingStartEvent else ListNode(*place, [])
        if len(self._stack) >= MAX_DEPTH:
            self.diagnostics.append(too_deep(node.span))
            raise _Stopped
        if event.tag:
            self.diagnostics.append(tag_mistake(node))
        if event.anchor:
            self._anchors[event.anchor] = None
        self._size += 1
        self._end = (node.end_line, node.end_column)
        self._stack.append(_Open(node, event.anchor, event.flow_style, self._size - 1))

    def _close(self, event: Any) -> None:
        opened = self._stack.pop()
        node = opened.node
        if opened.flow:
            self._end = (event.end_mark.line + 1, event.end_mark.column + 1)
        node.end_line, node.end_column = self._end
        if isinstance(node, MapNode) and opened.merged:
            self._merge(node, opened.merged)
        if opened.anchor:
            self._anchors[opened.anchor] = _Anchor(node, self._size - opened.size_before, opened.height)
        if self._stack:
            self._stack[-1].height = max(self._stack[-1].height, opened.height + 1)
        self._put(node)

    def _alias(self, event: Any) -> None:
        start, end = event.start_mark, event.end_mark
        span = Span(self._source, start.line + 1, start.column + 1, end.line + 1, end.column + 1)
        self._size += 1
        self._end = (span.end_line, span.end_column)
        target = self._anchors.get(event.anchor)
        if target is None:
            name = event.anchor
            message, instead = f"no `&{name}` precedes `*{name}`", f"write `&{name}` at the part to repeat"
            if name in self._anchors:
                message = f"the alias `*{name}` is inside the part that it repeats"
                instead = "repeat a part that ends before it"
            text = f"*{name}"
            self._note(BAD_ALIAS, span, message, f"{instead}, or quote the text: `{quoted(text)}`")
            place = (span.source, span.line, span.column, span.end_line, span.end_column)
            self._put(ScalarNode(*place, text, text, ""))
            return
        self._count(span, target)
        self._put(target.node)

    def _count(self, span: Span, target: _Anchor) -> None:
        """Stop reading if aliases make the tree too deep or too large to be walked."""
        self._size += target.size
        self._from_aliases += target.size
        if self._from_aliases > MAX_FROM_ALIASES:
            message = f"aliases repeat more than {MAX_FROM_ALIASES:,} values up to here"
            self._note(TOO_LARGE, span, message, "repeat less, or write the parts out")
            raise _Stopped
        if len(self._stack) + target.height > MAX_DEPTH:
            self.diagnostics.append(too_deep(span))
            raise _Stopped
        if self._stack:
            self._stack[-1].height = max(self._stack[-1].height, target.height + 1)

    def _put(self, node: Node) -> None:
        """Add `node` to the innermost open collection."""
        if not self._stack:
            self._root = node
            return
        opened = self._stack[-1]
        parent = opened.node
        if isinstance(parent, ListNode):
            parent.items.append(node)
        elif not opened.waiting:
            opened.waiting = True
            opened.key = self._key(node)
        else:
            opened.waiting = False
            if opened.key is not None:
                self._entry(opened, parent, opened.key, node)

    def _key(self, node: Node) -> ScalarNode | None:
        if isinstance(node, ScalarNode):
            return node if node.text or node.value is not None else None  # a null key is reported already
        end = node.end_column - 1 if node.end_line == node.line else None
        written = self._source.line(node.line)[node.column - 1 : end]
        kind = "list" if isinstance(node, ListNode) else "mapping"
        message = f"a {kind} cannot be a key: {shown(written)}"
        instead = "quote the whole text if one is meant: a bare `{` starts a mapping, a bare `[` a list"
        self._note(KEY_NOT_TEXT, node.span, message, instead)
        return None

    def _entry(self, opened: _Open, parent: MapNode, key: ScalarNode, node: Node) -> None:
        name = key.text
        if name == "<<" and not key.style:
            nodes = node.items if isinstance(node, ListNode) else [node]
            opened.merged += [(key, each) for each in nodes]
        elif name in parent.entries:
            first = parent.entries[name].key.line
            message = f"the key {shown(name)} is already in this mapping, on line {first}"
            self._note(DUPLICATE_KEY, key.span, message, "delete one of the two, or rename it")
        else:
            parent.entries[name] = Entry(key, node)

    def _merge(self, node: MapNode, merged: list[tuple[ScalarNode, Node]]) -> None:
        """Merge `merged` into `node`: its own entries take precedence, then those that are merged first."""
        entries: dict[str, Entry] = {}
        for key, each in merged:
            if isinstance(each, MapNode):
                entries = entries | {
                    name: entry for name, entry in each.entries.items() if name not in entries
                }
            else:
                message = "`<<` merges mappings only, and its value is not one"
                self._note(BAD_MERGE, key.span, message, "name one by its alias: `<<: *name`")
        node.entries = entries | node.entries


def _non_text_key(key: ScalarNode, misread: MisreadScalar | None) -> tuple[str, str]:
    """Return the message and the hint for a key that is not text."""
    if not key.text:
        return "a key is missing before the colon", "write one"
    if misread:
        return f"a key must be text, and {misread.message}", f"quote it: `{quoted(key.text)}`"
    kind = {type(None): "nothing", bool: "a boolean", datetime.date: "a date"}.get(
        type(key.value), "a number"
    )
    return f"a key must be text, and a bare `{key.text}` is {kind}", f"quote it: `{quoted(key.text)}`"
