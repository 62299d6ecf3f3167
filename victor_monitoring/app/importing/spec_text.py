"""YAML text of nested data: a mapping on one line if it fits, comments above what they are about."""

from __future__ import annotations

import io
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from fractions import Fraction
from typing import TypeAlias

import yaml

from victor_monitoring.language.syntax.scalars import resolve
from victor_monitoring.promql.printer import text as text_of
from victor_monitoring.promql.tree import Number

_WIDTH = 110
_MARK = "  # guessed"


class Block(str):
    """A text that is written over several lines."""

    __slots__ = ()


@dataclass(frozen=True, slots=True)
class Commented:
    """Data with comments above it."""

    data: Data
    comments: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Guess:
    """Data that is marked as a guess by a comment on its line."""

    data: Data


Data: TypeAlias = "str | int | Fraction | bool | list[str] | Mapping[str, Data] | Commented | Guess | None"


def commented(data: Data, comments: tuple[str, ...]) -> Data:
    """Return the data with the comments, if there are any."""
    return Commented(data, comments) if comments else data


def yaml_lines(key: str, data: Data, indent: int = 0, *, flow_from: int) -> Iterator[str]:
    """Yield the lines of a key and its data; mappings from the depth `flow_from` on may be on one line."""
    space = "  " * indent
    if isinstance(data, Commented):
        yield from (f"{space}# {each}".rstrip() for each in data.comments)
        data = data.data
    mark, above = _mark(data), ""
    if isinstance(data, Guess):
        data, above = data.data, mark
    one = _serialised(key, data)
    is_short = len(one) == 1 and len(one[0]) + len(space) + len(mark) <= _WIDTH
    if (
        not isinstance(data, Mapping)
        or not data
        or (indent >= flow_from and is_short and not _has_block(data))
    ):
        yield space + one[0] + mark
        yield from (f"{space}{line}" if line else "" for line in one[1:])
        return
    yield space + _serialised(key, None)[0].removesuffix(" null") + above
    for name, inner in data.items():
        yield from yaml_lines(name, inner, indent + 1, flow_from=flow_from)


def _mark(data: Data) -> str:
    """Return the comment behind data on one line: it names the keys that are guesses, unless all are."""
    if isinstance(data, Guess):
        return _MARK
    names = list(_guesses(data))
    if not names or not isinstance(data, Mapping):
        return ""
    return _MARK if all(isinstance(each, Guess) for each in data.values()) else f"{_MARK}: {', '.join(names)}"


def _guesses(data: Data) -> Iterator[str]:
    for key, each in data.items() if isinstance(data, Mapping) else ():
        if isinstance(each, Guess):
            yield key
        else:
            yield from _guesses(each)


def _has_block(data: Data) -> bool:
    if isinstance(data, Mapping):
        return any(map(_has_block, data.values()))
    return isinstance(data, Block | Commented)


def _serialised(key: str, data: Data) -> list[str]:
    """Return the lines of a key and its data, which are on the same line if they are no block."""
    node = yaml.MappingNode("tag:yaml.org,2002:map", [(_node(key), _node(data))], flow_style=False)
    written: str = yaml.serialize(node, Dumper=yaml.SafeDumper, width=10**9, allow_unicode=True)
    return written.rstrip("\n").split("\n")


def _node(data: Data) -> yaml.Node:
    match data:
        case Commented() | Guess():
            return _node(data.data)
        case None:
            return yaml.ScalarNode("tag:yaml.org,2002:null", "null")
        case bool():
            return yaml.ScalarNode("tag:yaml.org,2002:bool", str(data).lower())
        case int():
            return yaml.ScalarNode("tag:yaml.org,2002:int", str(data))
        case Fraction():
            return yaml.ScalarNode("tag:yaml.org,2002:float", text_of(Number(data)))
        case str():
            return yaml.ScalarNode("tag:yaml.org,2002:str", str(data), style=_style(data))
        case list():
            return yaml.SequenceNode("tag:yaml.org,2002:seq", [_node(each) for each in data], flow_style=True)
        case _:
            pairs = [(_node(key), _node(value)) for key, value in data.items()]
            return yaml.MappingNode("tag:yaml.org,2002:map", pairs, flow_style=True)


def _style(text: str) -> str | None:
    if isinstance(text, Block):
        return "|"
    emitter = yaml.SafeDumper(io.StringIO())
    if (
        text[:1].isalnum()
        and "\n" not in text
        and emitter.analyze_scalar(text).allow_flow_plain
        and resolve(text) == (text, None)
    ):
        return None
    return "'" if ('"' in text or "\\" in text) and "\n" not in text else '"'
