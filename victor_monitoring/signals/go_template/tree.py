"""The tree of a Go template."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TypeAlias

Span: TypeAlias = tuple[int, int]


@dataclass(frozen=True, slots=True)
class Literal:
    """A constant: a string, number, character (as its number), truth value or `nil`."""

    value: str | complex | None


@dataclass(frozen=True, slots=True)
class Dot:
    """`.`: the data of the template, or the element or value of the surrounding `range` or `with`."""


@dataclass(frozen=True, slots=True)
class Variable:
    """A variable with its `$`; `$` itself is the data of the template."""

    name: str


@dataclass(frozen=True, slots=True)
class Function:
    """The name of a function."""

    name: str


@dataclass(frozen=True, slots=True)
class Field:
    """The name of a field or key, and its range without the `.` before it."""

    name: str
    span: Span


@dataclass(frozen=True, slots=True)
class Operand:
    """A value and the fields that are read of it, one of the other; `span` is the range of all."""

    base: Literal | Dot | Variable | Function | Pipe
    fields: tuple[Field, ...]
    span: Span


Command: TypeAlias = tuple[Operand, ...]
"""A function and its arguments, or a value."""


@dataclass(frozen=True, slots=True)
class Pipe:
    """Commands, each of which gets the result of the one before as its last argument.

    The result is given to the variables `declares`: to new ones, or with `assigns` to those that there are.
    """

    commands: tuple[Command, ...]
    declares: tuple[str, ...]
    assigns: bool


@dataclass(frozen=True, slots=True)
class Text:
    """Text that is printed as it is."""

    text: str


@dataclass(frozen=True, slots=True)
class Action:
    """A pipe whose result is printed, unless it declares a variable."""

    pipe: Pipe


@dataclass(frozen=True, slots=True)
class Branch:
    """`if`, `with` or `range`, and its `else`; an `else if` is a branch in `otherwise`."""

    keyword: str
    pipe: Pipe
    body: tuple[Node, ...]
    otherwise: tuple[Node, ...]


@dataclass(frozen=True, slots=True)
class Jump:
    """`break` or `continue`."""

    keyword: str


@dataclass(frozen=True, slots=True)
class Inclusion:
    """`template` or `block`: another template, expanded with the value of the pipe as its data."""

    name: str
    pipe: Pipe | None


Node: TypeAlias = Text | Action | Branch | Jump | Inclusion


@dataclass(frozen=True, slots=True)
class GoTemplate:
    """A whole template and those that it defines, by name."""

    nodes: tuple[Node, ...]
    definitions: Mapping[str, tuple[Node, ...]]
