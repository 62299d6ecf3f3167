"""YAML of other programs, read as their own readers in Go do: the type of a field decides, not its text.

So a bare word is text unless it is a number, a boolean or null in YAML 1.2: `=`, `on`, `10:30`, `0777` and
`2020-01-01` are text. The parser in C takes what Go's takes, such as tabs before comments.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any, Final

import yaml
from yaml.composer import Composer
from yaml.resolver import Resolver

PARSER: Final[Any] = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
BREAK: Final = r"(?:\r\n|[\r\n\x85\u2028\u2029])"  # the line breaks of YAML
_MOST: Final = 10**6  # values, counted again behind every alias
_DEEP: Final = 100
_TAG: Final = "tag:yaml.org,2002:"
_WHOLE: Final = "(?:0|[1-9][0-9]*)"
_TYPES: Final = (
    ("merge", r"<<", "<"),
    ("null", r"~|null|Null|NULL|", ("~", "n", "N", "")),
    ("bool", r"true|True|TRUE|false|False|FALSE", "tTfF"),
    ("int", rf"[-+]?{_WHOLE}", "-+0123456789"),
    ("float", rf"[-+]?(?:\.[0-9]+|{_WHOLE}\.[0-9]*|{_WHOLE}(?=[eE]))(?:[eE][-+]?[0-9]+)?", "-+.0123456789"),
    ("float", r"[-+]?\.inf|\.nan", "-+."),
)


class UnreadableValue(yaml.MarkedYAMLError):
    """YAML with a value that cannot be read: of another type than its tag, without an end, or too deep."""


class _Loader(PARSER):  # type: ignore[misc]  # the base is known at run time
    """A safe loader whose untagged plain scalars have the types of YAML 1.2."""

    yaml_implicit_resolvers: dict[str, Any] = {}

    def construct_object(self, node: yaml.Node, deep: bool = False) -> Any:
        try:
            return super().construct_object(node, deep)
        except (ValueError, LookupError, AttributeError, TypeError):
            raise UnreadableValue(None, None, "a value cannot be read", node.start_mark) from None


for _name, _pattern, _first in _TYPES:
    _Loader.add_implicit_resolver(f"{_TAG}{_name}", re.compile(rf"(?:{_pattern})\Z"), list(_first))


def _untagged(loader: Any, _: str, node: yaml.Node) -> Any:
    """Return the value of a node with a local tag, which Go ignores."""
    if isinstance(node, yaml.ScalarNode):
        return loader.construct_scalar(node)
    if isinstance(node, yaml.SequenceNode):
        return loader.construct_sequence(node, deep=True)
    return loader.construct_mapping(node, deep=True)


_Loader.add_multi_constructor("!", _untagged)  # not `!!x`, which names a type that YAML does not have


def load(text: str) -> Any:
    """Return the data of a YAML text; raise yaml.YAMLError if it is not YAML, or a value cannot be read.

    An alias of itself, and aliases that expand to more than fits into memory, are no values.
    """
    loader = _Loader(text)
    try:
        root = loader.get_single_node()
        if root is None:
            return None
        _require_bounded(root, {})
        return loader.construct_document(root)
    except RecursionError:
        raise UnreadableValue(None, None, "it is nested too deeply", _deep_mark(text)) from None
    finally:
        loader.dispose()


def _require_bounded(node: yaml.Node, known: dict[int, int]) -> int:
    """Return the number of values below a node, by `known` if counted; raise UnreadableValue if unbounded."""
    if not isinstance(node, yaml.CollectionNode):
        return 1
    if id(node) not in known:
        known[id(node)] = 0  # until counted; found again, it is a cycle
        parts = [each for pair in node.value for each in (pair if isinstance(pair, tuple) else (pair,))]
        known[id(node)] = 1 + sum(_require_bounded(each, known) for each in parts)
    if not 0 < known[id(node)] < _MOST:
        raise UnreadableValue(None, None, "its aliases expand without end", node.start_mark)
    return known[id(node)]


def _deep_mark(text: str) -> Any:
    """Return the position of the first value that is nested deeply."""
    depth = 0
    for event in events(text):
        depth += isinstance(event, yaml.CollectionStartEvent) - isinstance(event, yaml.CollectionEndEvent)
        if depth > _DEEP:
            return event.start_mark
    return None


def mark_of(error: yaml.YAMLError, text: str) -> tuple[int, int] | None:
    """Return line and column, from 1, at which a text ceased to be YAML; None if they are unknown."""
    if isinstance(error, yaml.reader.ReaderError):  # a character that YAML does not admit
        before = re.split(BREAK, text[: max(text.find(chr(error.character)), 0)])
        return len(before), len(before[-1]) + 1
    mark = getattr(error, "problem_mark", None)
    return (mark.line + 1, mark.column + 1) if mark else None


def events(text: str) -> Iterator[yaml.Event]:
    """Yield the events of a YAML text; raise yaml.YAMLError where it ends to be YAML."""
    return yaml.parse(text, PARSER)


class _Layout(Composer, Resolver):
    """A composer of the text as it is written: an alias is a node of its own."""

    def __init__(self, text: str) -> None:
        Composer.__init__(self)
        Resolver.__init__(self)
        self._events = [*events(text)][::-1]

    def check_event(self, *kinds: type[yaml.Event]) -> bool:
        return bool(self._events) and (not kinds or isinstance(self._events[-1], kinds))

    def peek_event(self) -> yaml.Event:
        return self._events[-1]

    def get_event(self) -> yaml.Event:
        return self._events.pop()

    def compose_node(self, parent: yaml.Node | None, index: int) -> yaml.Node | None:
        if not self.check_event(yaml.AliasEvent):
            return super().compose_node(parent, index)
        event: Any = self.get_event()
        return yaml.ScalarNode("alias", event.anchor, event.start_mark, event.end_mark)


def layout(text: str) -> yaml.Node | None:
    """Return the nodes of a YAML text with their positions, None of an empty one; raise yaml.YAMLError."""
    return _Layout(text).get_single_node()
