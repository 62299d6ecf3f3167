"""Python source from nested structures, in the layout of `ruff format`."""

from __future__ import annotations

import textwrap
import unicodedata
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final, TypeAlias

WIDTH: Final = 110
INDENT: Final = "    "


@dataclass(frozen=True, slots=True)
class Bracketed:
    """Items between brackets; `open` ends with the bracket, `close` begins with one.

    A tuple (`is_tuple`) of one item keeps its comma.
    """

    open: str
    items: tuple[LayoutNode, ...]
    close: str
    is_tuple: bool = False


LayoutNode: TypeAlias = str | Bracketed
PythonValue: TypeAlias = "str | int | float | bool | Sequence[PythonValue] | Mapping[str, PythonValue] | None"


def literal(text: str) -> str:
    """Return the string literal of `text`, in double quotes unless single ones save escapes."""
    quote = "'" if text.count('"') > text.count("'") else '"'
    return quote + _escaped(text, quote) + quote


def docstring(text: str, indent: str) -> Iterator[str]:
    """Yield the lines of a docstring with `text`, its white space collapsed to single spaces."""
    escaped = " ".join(_escaped(word, '"') for word in text.split())
    wrapped = textwrap.wrap(
        f'"""{escaped}',
        WIDTH - len('"""'),
        initial_indent=indent,
        subsequent_indent=indent,
        break_long_words=False,
        break_on_hyphens=False,
    )
    if len(wrapped) == 1:
        yield f'{wrapped[0]}"""'
    else:
        yield from (*wrapped, f'{indent}"""')


def call(function: str, arguments: Iterable[LayoutNode]) -> Bracketed:
    """Return a call; a keyword argument is a value `prefixed` with its name."""
    return Bracketed(f"{function}(", tuple(arguments), ")")


def prefixed(prefix: str, node: LayoutNode) -> LayoutNode:
    """Return the node with text before it."""
    if isinstance(node, str):
        return prefix + node
    return Bracketed(prefix + node.open, node.items, node.close, node.is_tuple)


def plain(value: PythonValue) -> LayoutNode:
    """Return the literal of plain data: texts, numbers, sequences (as tuples) and mappings."""
    if isinstance(value, str):
        return literal(value)
    if isinstance(value, Mapping):
        entries = (prefixed(f"{literal(key)}: ", plain(each)) for key, each in value.items())
        return Bracketed("{", tuple(entries), "}")
    if isinstance(value, Sequence):
        return Bracketed("(", tuple(plain(each) for each in value), ")", is_tuple=True)
    return repr(value)


def lines(node: LayoutNode, indent: str = "", tail: str = "") -> Iterator[str]:
    """Yield the node on one line if it fits, else with one item per line, each with its comma."""
    flat = _flat(node)
    if isinstance(node, str) or not node.items or _columns(indent + flat + tail) <= WIDTH:
        yield indent + flat + tail
        return
    yield indent + node.open
    for item in node.items:
        yield from lines(item, indent + INDENT, ",")
    yield indent + node.close + tail


def _flat(node: LayoutNode) -> str:
    if isinstance(node, str):
        return node
    comma = "," if node.is_tuple and len(node.items) == 1 else ""
    return node.open + ", ".join(_flat(item) for item in node.items) + comma + node.close


def _columns(text: str) -> int:
    """Return the width of the text on a screen, as the formatter counts it."""
    if text.isascii():
        return len(text)
    wide = sum(unicodedata.east_asian_width(each) in "WF" for each in text)
    return len(text) + wide - sum(unicodedata.combining(each) > 0 for each in text)


def _escaped(text: str, quote: str) -> str:
    """Return the text as written between quotes; unprintable characters become escape sequences."""
    return "".join(
        f"\\{each}" if each == quote else each if each in "'\"" else repr(each)[1:-1] for each in text
    )
