"""YAML text of nested data: a mapping on one line if it fits, comments above what they are about."""

from __future__ import annotations

import functools
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
_LITTLE = 60  # columns of a line with one long value
_MARK = "  # guessed"


@dataclass(frozen=True, slots=True)
class Block:
    """A text that is written over several lines; `short` is the same on one line, if anything is."""

    text: str
    short: str | None = None


@dataclass(frozen=True, slots=True)
class Commented:
    """Data with comments above it."""

    data: Data
    comments: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Guess:
    """Data that is marked as a guess by a comment on its line."""

    data: Data


Data: TypeAlias = (
    "str | int | Fraction | bool | list[str] | Mapping[str, Data] | Block | Commented | Guess | None"
)


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
    is_section = isinstance(data, Mapping) and bool(data) and indent < flow_from
    lines = [] if is_section else _serialised(key, _on_one_line(data))
    is_short = len(lines) == 1 and len(lines[0]) + len(space) + len(mark) <= _WIDTH
    if isinstance(data, Mapping) and data:
        is_flow = is_short or (bool(lines) and _is_long_anyway(lines[0].removeprefix(key), data, indent))
        if not is_flow or _has_block(data):
            yield space + _serialised(key, None)[0].removesuffix(" null") + above
            for name, inner in data.items():
                yield from yaml_lines(name, inner, indent + 1, flow_from=flow_from)
            return
    elif not is_short:
        lines = _serialised(key, data)
    yield space + lines[0] + mark
    yield from (f"{space}{line}" if line else "" for line in lines[1:])


def _is_long_anyway(line: str, data: Mapping[str, Data], indent: int) -> bool:
    """Return whether lines of their own save nothing: one value alone, or one too long with little else."""
    if any(isinstance(each, Block) for each in data.values()):
        return False
    if len(data) == 1:
        return not any(isinstance(each, Mapping) for each in data.values())
    texts = ((key, each) for key, each in data.items() if isinstance(each, str))
    longest = max((len(_serialised(*each)[0]) for each in texts), default=0)
    return longest + 2 * (indent + 1) > _WIDTH and len(line) - longest <= _LITTLE


def _on_one_line(data: Data) -> Data:
    """Return the data with the short form of each block that has one."""
    match data:
        case Block(short=str(short)):
            return short
        case Guess(inner):
            return _on_one_line(inner)
        case Mapping():
            return {key: _on_one_line(each) for key, each in data.items()}
        case _:
            return data


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
    return isinstance(data, Commented) or (isinstance(data, Block) and data.short is None)


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
        case Block():
            return yaml.ScalarNode("tag:yaml.org,2002:str", data.text, style="|")
        case str():
            return yaml.ScalarNode("tag:yaml.org,2002:str", data, style=_style(data))
        case list():
            return yaml.SequenceNode("tag:yaml.org,2002:seq", [_node(each) for each in data], flow_style=True)
        case _:
            pairs = [(_node(key), _node(value)) for key, value in data.items()]
            return yaml.MappingNode("tag:yaml.org,2002:map", pairs, flow_style=True)


@functools.lru_cache(maxsize=4096)
def _style(text: str) -> str | None:
    emitter = yaml.SafeDumper(io.StringIO())
    if (
        text[:1].isalnum()
        and "\n" not in text
        and emitter.analyze_scalar(text).allow_flow_plain
        and resolve(text) == (text, None)
    ):
        return None
    return "'" if ('"' in text or "\\" in text) and "\n" not in text else '"'
