"""PromQL as a frozen tree: its nodes, and functions to search and change a tree.

It can hold every expression that Prometheus 2.42 or 3.14 takes without feature flags. Parentheses are in its
shape alone; durations and times are milliseconds.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from fractions import Fraction
from typing import Literal, TypeAlias, TypeVar

from victor_monitoring.promql.grammar import ABSENCE, COMPARISONS, SET_OPERATORS, label_text, quoted
from victor_monitoring.promql.regular_expressions import compiled

# Where a node was read: the offsets of its first character and behind its last one.
Span: TypeAlias = tuple[int, int]
# The time of an `@` modifier: milliseconds since 1970, or an end of the query's range.
Instant: TypeAlias = int | Literal["start", "end"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Node:
    """A part of a tree. `span` is where it was read, if it was; equal nodes may stand in different places."""

    span: Span | None = field(default=None, compare=False, repr=False)


@dataclass(frozen=True, slots=True)
class Matcher(Node):
    """A label matcher; `op` is one of `=`, `!=`, `=~`, `!~`."""

    label: str
    op: str
    value: str

    def __str__(self) -> str:
        return f"{label_text(self.label)}{self.op}{quoted(self.value)}"

    def matches(self, value: str) -> bool:
        """Return whether a label with this value is matched; regexes are anchored, as in Prometheus."""
        match self.op:
            case "=":
                return value == self.value
            case "!=":
                return value != self.value
            case "=~":
                return compiled(self.value).fullmatch(value) is not None
            case _:
                return compiled(self.value).fullmatch(value) is None


def all_match(matchers: Iterable[Matcher], labels: Mapping[str, str]) -> bool:
    """Return whether a series with these labels meets every matcher; a missing label counts as empty."""
    return all(matcher.matches(labels.get(matcher.label, "")) for matcher in matchers)


@dataclass(frozen=True, slots=True)
class Vector(Node):
    """A selector of series, without a name if `metric` is empty; `window` makes it a range selector."""

    metric: str
    matchers: tuple[Matcher, ...] = ()
    window: int | None = None
    offset: int = 0
    at: Instant | None = None

    def matches(self, labels: Mapping[str, str]) -> bool:
        """Return whether a series with these labels is selected; a missing label counts as empty."""
        return all_match(self.matchers, labels)


@dataclass(frozen=True, slots=True)
class Subquery(Node):
    """The values of an expression over a window, every `step`; None is the evaluation interval."""

    expr: Expr
    window: int
    step: int | None = None
    offset: int = 0
    at: Instant | None = None


@dataclass(frozen=True, slots=True)
class Number(Node):
    """A number: exact if it is finite, else an infinity or `math.nan`."""

    value: Fraction | float


@dataclass(frozen=True, slots=True)
class Text(Node):
    """A string."""

    value: str


@dataclass(frozen=True, slots=True)
class Call(Node):
    """A function call."""

    function: str
    arguments: tuple[Expr, ...]


@dataclass(frozen=True, slots=True)
class Aggregate(Node):
    """An aggregation `by` some labels, or `without` some, or (both None) without a clause.

    `parameter` is the first of two arguments. Without a clause one group has all series.
    """

    op: str
    expr: Expr
    by: tuple[str, ...] | None
    parameter: Expr | None = None
    without: tuple[str, ...] | None = None


@dataclass(frozen=True, slots=True)
class Unary(Node):
    """A sign before an expression; that of a number is part of the number."""

    op: Literal["-", "+"]
    expr: Expr


@dataclass(frozen=True, slots=True)
class Binary(Node):
    """A binary operation; `as_bool` is the `bool` modifier.

    Series match `on` these labels, or `ignoring` these, or (both None) on all labels. Of the side `many`
    several series may match one of the other side, whose labels `include` are then added to the result.
    `span` is that of the operator, unlike that of other nodes.
    """

    op: str
    left: Expr
    right: Expr
    on: tuple[str, ...] | None = None
    as_bool: bool = False
    ignoring: tuple[str, ...] | None = None
    many: Literal["left", "right"] | None = None
    include: tuple[str, ...] = ()


Expr: TypeAlias = Vector | Subquery | Number | Text | Call | Aggregate | Unary | Binary


def number(value: Fraction | int) -> Number:
    """Return a number node."""
    return Number(Fraction(value))


def children(expr: Expr) -> tuple[Expr, ...]:
    """Return the child nodes of an expression, in the order in which they are written."""
    match expr:
        case Call(_, arguments):
            return arguments
        case Aggregate(_, inner, _, parameter):
            return (inner,) if parameter is None else (parameter, inner)
        case Subquery(inner) | Unary(_, inner):
            return (inner,)
        case Binary(_, left, right):
            return (left, right)
        case _:
            return ()


def depth(expr: Expr) -> int:
    """Return the number of levels of the tree, also where it has more than Python can recurse into."""
    level, found = [expr], 0
    while level:
        level, found = [child for each in level for child in children(each)], found + 1
    return found


def vectors(expr: Expr) -> Iterator[Vector]:
    """Yield every selector in the expression, in order."""
    if isinstance(expr, Vector):
        yield expr
    for child in children(expr):
        yield from vectors(child)


def mapped(expr: Expr, change: Callable[[Expr], Expr]) -> Expr:
    """Return the tree with `change` applied to every node, inner nodes first."""
    match expr:
        case Call(_, arguments):
            return change(replace(expr, arguments=tuple(mapped(each, change) for each in arguments)))
        case Aggregate(_, inner, _, parameter):
            first = None if parameter is None else mapped(parameter, change)
            return change(replace(expr, expr=mapped(inner, change), parameter=first))
        case Subquery(inner) | Unary(_, inner):
            return change(replace(expr, expr=mapped(inner, change)))
        case Binary(_, left, right):
            return change(replace(expr, left=mapped(left, change), right=mapped(right, change)))
        case _:
            return change(expr)


def map_vectors(
    expr: Expr, change: Callable[[Vector], Vector], outside: Collection[str] = frozenset()
) -> Expr:
    """Return the tree with `change` applied to every selector `outside` of calls of these functions."""
    calls = (each for each in _all(expr) if isinstance(each, Call) and each.function in outside)
    kept = {id(each) for call in calls for each in vectors(call)}
    return mapped(
        expr, lambda node: change(node) if isinstance(node, Vector) and id(node) not in kept else node
    )


def replaced(expr: Expr, old: Expr, new: Expr) -> Expr:
    """Return the tree with every node that equals `old` replaced by `new`."""
    return mapped(expr, lambda node: new if node == old else node)


ExprKind = TypeVar("ExprKind", bound=Expr)


def nodes(expr: Expr, kind: type[ExprKind]) -> Iterator[ExprKind]:
    """Return the distinct nodes of one kind in an expression, outer nodes first."""
    return (node for node in dict.fromkeys(_all(expr)) if isinstance(node, kind))


def filters(expr: Expr) -> bool:
    """Return whether an expression has a value only in some cases, and is a condition by itself."""
    is_choosing = any(each.op in COMPARISONS | SET_OPERATORS for each in nodes(expr, Binary))
    return is_choosing or any(each.function in ABSENCE for each in nodes(expr, Call))


def _all(expr: Expr) -> Iterator[Expr]:
    yield expr
    for child in children(expr):
        yield from _all(child)
