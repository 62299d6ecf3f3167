"""PromQL as a frozen tree: nodes, printer and functions to search and change a tree."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from fractions import Fraction
from typing import TypeAlias, TypeVar

from victor_monitoring.promql.duration import duration_text

_PRECEDENCE = {
    "or": 1, "and": 2, "unless": 2,
    "==": 3, "!=": 3, "<": 3, "<=": 3, ">": 3, ">=": 3,
    "+": 4, "-": 4, "*": 5, "/": 5,
}  # fmt: skip
_ESCAPES = str.maketrans({"\\": "\\\\", '"': '\\"', "\n": "\\n", "\t": "\\t", "\r": "\\r"})


@dataclass(frozen=True, slots=True)
class Matcher:
    """A label matcher; `op` is one of `=`, `!=`, `=~`, `!~`."""

    label: str
    op: str
    value: str

    def __str__(self) -> str:
        return f'{self.label}{self.op}"{self.value.translate(_ESCAPES)}"'

    def matches(self, value: str) -> bool:
        """Return whether a label with this value is matched; regexes are anchored, as in Prometheus."""
        match self.op:
            case "=":
                return value == self.value
            case "!=":
                return value != self.value
            case "=~":
                return re.fullmatch(self.value, value) is not None
            case _:
                return re.fullmatch(self.value, value) is None


def all_match(matchers: Iterable[Matcher], labels: Mapping[str, str]) -> bool:
    """Return whether a series with these labels meets every matcher; a missing label counts as empty."""
    return all(matcher.matches(labels.get(matcher.label, "")) for matcher in matchers)


@dataclass(frozen=True, slots=True)
class Vector:
    """A selector of series; `window` in milliseconds makes it a range selector."""

    metric: str
    matchers: tuple[Matcher, ...] = ()
    window: int | None = None

    def matches(self, labels: Mapping[str, str]) -> bool:
        """Return whether a series with these labels is selected; a missing label counts as empty."""
        return all_match(self.matchers, labels)


@dataclass(frozen=True, slots=True)
class Number:
    """A number, exact."""

    value: Fraction


@dataclass(frozen=True, slots=True)
class Call:
    """A function call."""

    function: str
    arguments: tuple[Expr, ...]


@dataclass(frozen=True, slots=True)
class Aggregate:
    """An aggregation; `by` is None where all labels are kept (topk), `parameter` its first argument."""

    op: str
    expr: Expr
    by: tuple[str, ...] | None
    parameter: Expr | None = None


@dataclass(frozen=True, slots=True)
class Binary:
    """A binary operation; `on` names the labels to match on, `as_bool` is the `bool` modifier."""

    op: str
    left: Expr
    right: Expr
    on: tuple[str, ...] | None = None
    as_bool: bool = False


Expr: TypeAlias = Vector | Number | Call | Aggregate | Binary


def number(value: Fraction | int) -> Number:
    """Return a number node."""
    return Number(Fraction(value))


def number_text(value: Fraction) -> str:
    """Return `value` as the shortest decimal; as that of the nearest double if no finite one exists."""
    if value.denominator == 1:
        return str(value.numerator)
    rest, digits = value.denominator, 0
    while rest % 10 == 0:
        rest, digits = rest // 10, digits + 1
    twos = fives = 0
    while rest % 2 == 0:
        rest, twos = rest // 2, twos + 1
    while rest % 5 == 0:
        rest, fives = rest // 5, fives + 1
    if rest != 1:
        return repr(float(value))
    digits += max(twos, fives)
    sign = "-" if value < 0 else ""
    scaled = str(abs(value.numerator) * 10**digits // value.denominator).rjust(digits + 1, "0")
    return f"{sign}{scaled[:-digits]}.{scaled[-digits:]}".rstrip("0")


def text(expr: Expr) -> str:
    """Return the expression as PromQL, with parentheses only where they are needed."""
    match expr:
        case Number(value):
            return number_text(value)
        case Vector(metric, matchers, window):
            inner = "{" + ",".join(map(str, matchers)) + "}" if matchers else ""
            return f"{metric}{inner}" + (f"[{duration_text(window)}]" if window else "")
        case Call(function, arguments):
            return f"{function}({', '.join(map(text, arguments))})"
        case Aggregate(op, inner_expr, by, parameter):
            clause = f" by ({', '.join(by)}) " if by is not None else ""
            first = f"{text(parameter)}, " if parameter is not None else ""
            return f"{op}{clause}({first}{text(inner_expr)})"
        case Binary(op, left, right, on, as_bool):
            modifier = " bool" if as_bool else ""
            matching = f" on ({', '.join(on)})" if on is not None else ""
            mine = _PRECEDENCE[op]
            return f"{_operand(left, mine)} {op}{modifier}{matching} {_operand(right, mine + 1)}"


def _operand(expr: Expr, least: int) -> str:
    if isinstance(expr, Binary) and _PRECEDENCE[expr.op] < least:
        return f"({text(expr)})"
    return text(expr)


def children(expr: Expr) -> tuple[Expr, ...]:
    """Return the child nodes of an expression."""
    match expr:
        case Call(_, arguments):
            return arguments
        case Aggregate(_, inner, _, parameter):
            return (inner,) if parameter is None else (parameter, inner)
        case Binary(_, left, right):
            return (left, right)
        case _:
            return ()


def vectors(expr: Expr) -> Iterator[Vector]:
    """Yield every selector in the expression, in order."""
    if isinstance(expr, Vector):
        yield expr
    for child in children(expr):
        yield from vectors(child)


def map_vectors(expr: Expr, change: Callable[[Vector], Vector]) -> Expr:
    """Return the tree with `change` applied to every selector."""
    match expr:
        case Vector():
            return change(expr)
        case Call(_, arguments):
            return replace(expr, arguments=tuple(map_vectors(each, change) for each in arguments))
        case Aggregate(_, inner, _, parameter):
            inside = None if parameter is None else map_vectors(parameter, change)
            return replace(expr, expr=map_vectors(inner, change), parameter=inside)
        case Binary(_, left, right):
            return replace(expr, left=map_vectors(left, change), right=map_vectors(right, change))
        case _:
            return expr


ExprKind = TypeVar("ExprKind", bound=Expr)


def nodes(expr: Expr, kind: type[ExprKind]) -> Iterator[ExprKind]:
    """Return the distinct nodes of one kind in an expression, outer nodes first."""
    return (node for node in dict.fromkeys(_all(expr)) if isinstance(node, kind))


def mapped(expr: Expr, change: Callable[[Expr], Expr]) -> Expr:
    """Return the tree with `change` applied to every node, inner nodes first."""
    match expr:
        case Call(_, arguments):
            return change(replace(expr, arguments=tuple(mapped(each, change) for each in arguments)))
        case Aggregate(_, inner):
            return change(replace(expr, expr=mapped(inner, change)))
        case Binary(_, left, right):
            return change(replace(expr, left=mapped(left, change), right=mapped(right, change)))
        case _:
            return change(expr)


def replaced(expr: Expr, old: Expr, new: Expr) -> Expr:
    """Return the tree with every node that equals `old` replaced by `new`."""
    return mapped(expr, lambda node: new if node == old else node)


def brief(expr: Expr) -> str:
    """Return a short text of the node, with its operands abbreviated."""
    match expr:
        case Binary(op, _, Number() as right, _, as_bool):
            return f"{op}{' bool' if as_bool else ''} {text(right)}"
        case Binary(op, left, right):
            return f"{_head(left)} {op} {_head(right)}"
        case Aggregate(op):
            return f"{op} {_head(expr.expr)}"
        case Call("histogram_quantile", (q, *_)):
            return f"histogram_quantile {text(q)}"
        case _:
            return text(expr)


def _all(expr: Expr) -> Iterator[Expr]:
    yield expr
    for child in children(expr):
        yield from _all(child)


def _head(expr: Expr) -> str:
    vector = next(nodes(expr, Vector), None)
    return text(vector or expr)
