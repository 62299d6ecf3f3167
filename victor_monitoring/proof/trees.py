"""Expressions as trees: their nodes, and the same tree with nodes changed."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import TypeVar

from victor_monitoring.signals.promql import Aggregate, Binary, Call, Expr, Number, Vector, children, text

Node = TypeVar("Node", bound=Expr)


def nodes(expr: Expr, kind: type[Node]) -> Iterator[Node]:
    """The different nodes of one kind in an expression, outer ones first."""
    return (node for node in dict.fromkeys(_all(expr)) if isinstance(node, kind))


def mapped(expr: Expr, change: Callable[[Expr], Expr]) -> Expr:
    """The tree with every node changed, the inner ones first."""
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
    """The tree with every node that equals `old` replaced."""
    return mapped(expr, lambda node: new if node == old else node)


def brief(expr: Expr) -> str:
    """The node in words, with what it holds cut short."""
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
