"""PromQL parsed by promql-parser and converted to `promql.tree`, as an independent reference.

The conversion reads attributes of the nodes, since their `str` prints `[250ms]` as `[0s]`.
"""

from __future__ import annotations

import datetime
from fractions import Fraction

import promql_parser as parser

from victor_monitoring.promql.tree import Aggregate, Binary, Call, Expr, Matcher, Number, Vector, mapped

_OPS = (
    (parser.MatchOp.Equal, "="),
    (parser.MatchOp.NotEqual, "!="),
    (parser.MatchOp.Re, "=~"),
    (parser.MatchOp.NotRe, "!~"),
)


def judged(text: str) -> Expr:
    """Return the tree of an expression; ValueError if promql-parser rejects it."""
    return _tree(parser.parse(text))


def rounded(expr: Expr) -> Expr:
    """Return the tree with every number rounded to the nearest double, as a parser does."""
    return mapped(
        expr, lambda node: Number(Fraction(float(node.value))) if isinstance(node, Number) else node
    )


def _tree(node: parser.Expr) -> Expr:
    match node:
        case parser.ParenExpr():
            return _tree(node.expr)
        case parser.NumberLiteral():
            return Number(Fraction(node.val))
        case parser.VectorSelector():
            return _vector(node, None)
        case parser.MatrixSelector():
            return _vector(node.vector_selector, node.range // datetime.timedelta(milliseconds=1))
        case parser.Call():
            return Call(node.func.name, tuple(map(_tree, node.args)))
        case parser.AggregateExpr():
            return _aggregate(node)
        case parser.BinaryExpr():
            return _binary(node)
    raise AssertionError(f"`promql.tree` has no {type(node).__name__}")


def _vector(node: parser.VectorSelector, window: int | None) -> Vector:
    assert node.offset is None
    assert node.at is None
    assert not node.matchers.or_matchers
    matchers = (
        Matcher(each.name, next(op for theirs, op in _OPS if theirs == each.op), each.value)
        for each in node.matchers.matchers
    )
    return Vector(str(node.name), tuple(matchers), window)


def _aggregate(node: parser.AggregateExpr) -> Aggregate:
    by = None
    if node.modifier is not None:
        assert node.modifier.type == parser.AggModifierType.By
        by = tuple(node.modifier.labels)
    parameter = None if node.param is None else _tree(node.param)
    return Aggregate(str(node.op), _tree(node.expr), by, parameter)


def _binary(node: parser.BinaryExpr) -> Binary:
    on, as_bool = None, False
    if node.modifier is not None:
        assert not node.modifier.group_labels
        as_bool = node.modifier.return_bool
        if node.modifier.matching is not None:
            assert node.modifier.matching.type == parser.LabelModifierType.Include
            on = tuple(node.modifier.matching.labels)
    return Binary(str(node.op), _tree(node.lhs), _tree(node.rhs), on, as_bool)
