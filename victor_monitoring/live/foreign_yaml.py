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


class _Loader(PARSER):  # type: ignore[misc]  # the base is known at run time
    """A safe loader whose untagged plain scalars have the types of YAML 1.2."""

    yaml_implicit_resolvers: dict[str, Any] = {}


for _name, _pattern, _first in _TYPES:
    _Loader.add_implicit_resolver(f"{_TAG}{_name}", re.compile(rf"(?:{_pattern})\Z"), list(_first))


def load(text: str) -> Any:
    """Return the data of a YAML text.

    Raises:
        yaml.YAMLError: it is not YAML.
        ValueError, LookupError, AttributeError, RecursionError: a value cannot be read, such as `!!int x`.
    """
    return yaml.load(text, _Loader)  # noqa: S506 - a safe one


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
