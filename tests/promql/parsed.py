"""Trees as a Prometheus parses expressions, from its JSON, to compare with ours; it has them from 3.0 on."""

from __future__ import annotations

import math
from dataclasses import replace
from fractions import Fraction
from typing import Any

from victor_monitoring.promql.grammar import NAME
from victor_monitoring.promql.tree import (
    Aggregate,
    Binary,
    Call,
    Expr,
    Instant,
    Matcher,
    Number,
    Subquery,
    Text,
    Unary,
    Vector,
    mapped,
)


def tree(node: dict[str, Any]) -> Expr:
    """Return the tree of a parsed expression, in which an empty clause is none."""
    match node["type"]:
        case "parenExpr":
            return tree(node["expr"])
        case "numberLiteral":
            return _double(float(node["val"]))
        case "stringLiteral":
            return Text(node["val"])
        case "vectorSelector" | "matrixSelector":
            return _selector(node)
        case "subquery":
            return Subquery(
                tree(node["expr"]), node["range"], node["step"] or None, node["offset"], _at(node)
            )
        case "call":
            return Call(node["func"]["name"], tuple(map(tree, node["args"])))
        case "unaryExpr":
            return Unary(node["op"], tree(node["expr"]))
        case "aggregation":
            labels, parameter = tuple(node["grouping"]), node["param"] and tree(node["param"])
            by, without = (None, labels) if node["without"] else (labels, None)
            return Aggregate(node["op"], tree(node["expr"]), by, parameter, without)
        case "binaryExpr":
            return _binary(node)
    raise AssertionError(node)


def comparable(expr: Expr) -> Expr:
    """Return one of our trees with what Prometheus' parser does not keep: doubles, and no empty clauses."""

    def changed(node: Expr) -> Expr:
        match node:
            case Number(value):
                return _double(float(value))
            case Aggregate(by=None, without=None):
                return replace(node, by=())
            case Binary(ignoring=()):
                return replace(node, ignoring=None)
        return node

    return mapped(expr, changed)


def _double(value: float) -> Number:
    return Number(Fraction(value) if math.isfinite(value) else math.nan if math.isnan(value) else value)


def _at(node: dict[str, Any]) -> Instant | None:
    at: Instant | None = node["timestamp"] if node["startOrEnd"] is None else node["startOrEnd"]
    return at


def _selector(node: dict[str, Any]) -> Vector:
    matchers = [Matcher(each["name"], each["type"], each["value"]) for each in node["matchers"]]
    metric = next((each.value for each in matchers if (each.label, each.op) == (NAME, "=")), "")
    rest = tuple(each for each in matchers if (each.label, each.op) != (NAME, "="))
    return Vector(metric, rest, node.get("range"), node["offset"], _at(node))


def _binary(node: dict[str, Any]) -> Binary:
    found = Binary(node["op"], tree(node["lhs"]), tree(node["rhs"]), as_bool=node["bool"])
    if (matching := node["matching"]) is None:
        return found
    labels, many = tuple(matching["labels"]), matching["card"]
    return replace(
        found,
        on=labels if matching["on"] else None,
        ignoring=None if matching["on"] else labels or None,
        many="left" if many == "many-to-one" else "right" if many == "one-to-many" else None,
        include=tuple(matching["include"]),
    )
