"""An expression under review with all that is known of it, and the remarks about it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Final, TypeAlias

from victor_monitoring.promql.inference.facts import Facts
from victor_monitoring.promql.inference.infer import inferred
from victor_monitoring.promql.inference.operators import Inferred
from victor_monitoring.promql.lexer import tokens
from victor_monitoring.promql.tree import Expr, Node, Span, children

_NOWHERE: Final[Span] = (0, 1)
# A node, and the nodes around it, the innermost last.
Place: TypeAlias = tuple[Expr, tuple[Expr, ...]]


@dataclass(frozen=True, slots=True)
class Remark:
    """A mistake in a range of an expression's text."""

    span: Span
    message: str
    hint: str


@dataclass(frozen=True, slots=True)
class Reviewed:
    """An expression as written, its tree, and facts of the series that it reads.

    `scrape` is the scrape interval in milliseconds; `scope` has the labels by which deployments differ.
    """

    text: str
    expr: Expr
    facts: Facts
    scrape: int
    scope: tuple[str, ...] = ()
    _inferred: dict[Expr, Inferred] = field(default_factory=dict, init=False, repr=False, compare=False)

    def of(self, expr: Expr) -> Inferred:
        """Return the inference of a part of the expression."""
        if expr not in self._inferred:
            self._inferred[expr] = inferred(expr, self.facts)
        return self._inferred[expr]

    def places(self) -> Iterator[Place]:
        """Yield every node with the nodes around it, outer nodes first."""
        return _places(self.expr, ())

    def nesting(self) -> dict[int, int]:
        """Return the number of open parentheses at the start of every token."""
        found, level = {}, 0
        for token in tokens(self.text):
            level -= token.kind == "mark" and token.text == ")"
            found[token.start] = level
            level += token.kind == "mark" and token.text == "("
        return found


Review: TypeAlias = Callable[[Reviewed], Iterator[Remark]]


def _places(expr: Expr, around: tuple[Expr, ...]) -> Iterator[Place]:
    yield expr, around
    for child in children(expr):
        yield from _places(child, (*around, expr))


def span_of(node: Node, length: int | None = None) -> Span:
    """Return where a node was read, or only its first characters."""
    start, end = node.span or _NOWHERE
    return start, end if length is None else min(end, start + length)
