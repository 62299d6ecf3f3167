"""Mutations: the ways in which a rule is changed on purpose, each of which some case must detect.

A mutation changes the rule as written in the rules file. Equal parts of an expression change together, as a
compiler's mistake would change them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from fractions import Fraction
from functools import partial
from typing import Final, TypeAlias

from victor_monitoring.promql.duration import duration_text, parse_duration
from victor_monitoring.promql.reader import read_expr
from victor_monitoring.promql.tree import (
    Aggregate,
    Binary,
    Call,
    Expr,
    ExprKind,
    Number,
    Vector,
    brief,
    mapped,
    nodes,
    replaced,
    text,
)
from victor_monitoring.rule_tests.rules import Rule, pairs, rule_name

COMPARISONS: Final = ("==", "!=", "<", "<=", ">", ">=")
_FLIPPED: Final = {"<": ">", "<=": ">=", ">": "<", ">=": "<=", "==": "!=", "!=": "=="}
_LOOSENED: Final = {"<": "<=", "<=": "<", ">": ">=", ">=": ">"}
_SWAPPED: Final = {"sum": "max", "max": "min", "min": "max", "avg": "max", "group": "sum"}

Mutation: TypeAlias = tuple[str, Rule]


@dataclass(frozen=True, slots=True)
class Mutant:
    """A rule changed on purpose: the mutation's name, the change in words, and the rule before and after."""

    mutation: str
    about: str
    old: Rule
    new: Rule

    @property
    def name(self) -> str:
        """The rule's name, the mutation and the change."""
        return f"{rule_name(self.old)}, {self.mutation}: {self.about}"


def mutants(rule: Rule, select: frozenset[str]) -> Iterator[Mutant]:
    """Yield every mutant of a rule once; `select` are the labels by which targets are selected."""
    known = {_identity(rule)}
    for mutation, (changes, _) in _MUTATIONS.items():
        for about, new in changes(rule, select):
            if _identity(new) not in known:
                known.add(_identity(new))
                yield Mutant(mutation, about, rule, new)


def _identity(rule: Rule) -> str:
    return repr(rule)


def _operator_flipped(rule: Rule, select: frozenset[str]) -> Iterator[Mutation]:
    del select
    yield from _each(rule, _comparisons, lambda node: [replace(node, op=_FLIPPED[node.op])])


def _operator_loosened(rule: Rule, select: frozenset[str]) -> Iterator[Mutation]:
    """Swap the strict and the non-strict form of each comparison of an alert.

    Recordings are left out: `>= 0` for `> 0` adds losses of 0 points, and the score stays the same.
    """
    del select
    if "alert" in rule:
        yield from _each(
            rule, _comparisons, lambda n: [replace(n, op=_LOOSENED[n.op])] if n.op in _LOOSENED else []
        )


def _threshold(rule: Rule, select: frozenset[str]) -> Iterator[Mutation]:
    del select
    if "alert" in rule:
        yield from _each(
            rule, _comparisons, lambda node: [replace(node, right=each) for each in _moved(node.right)]
        )


def _moved(threshold: Expr) -> Iterator[Number]:
    """Yield a threshold 5% higher and lower, and doubled; for 0, which these leave unchanged, 1 and -1."""
    if isinstance(threshold, Number):
        value = threshold.value
        moved = (value * 105 / 100, value * 95 / 100, value * 2) if value else (Fraction(1), Fraction(-1))
        yield from map(Number, moved)


def _number(rule: Rule, select: frozenset[str]) -> Iterator[Mutation]:
    """Double each number of a recording: a factor, a weight or a bound."""
    del select
    if "record" in rule:
        yield from _each(
            rule, lambda e: nodes(e, Number), lambda node: [Number(node.value * 2)] if node.value else []
        )


def _duration(rule: Rule, select: frozenset[str]) -> Iterator[Mutation]:
    del select
    for key in ("for", "keep_firing_for"):
        if key in rule:
            before = parse_duration(str(rule[key]))
            for after in (before // 2, before * 2):
                yield (
                    f"{key} {duration_text(before)} -> {duration_text(after)}",
                    {**rule, key: duration_text(after)},
                )
            yield f"{key} lost", {name: value for name, value in rule.items() if name != key}


def _window(rule: Rule, select: frozenset[str]) -> Iterator[Mutation]:
    """Halve and double all windows of the same length together."""
    del select
    expr = _tree(rule)
    for before in dict.fromkeys(vector.window for vector in nodes(expr, Vector)):
        for after in (before // 2, before * 2) if before else ():
            about = f"[{duration_text(before or 0)}] -> [{duration_text(after)}]"
            yield about, _with(rule, mapped(expr, partial(_rewindowed, before, after)))


def _rewindowed(before: int | None, after: int, node: Expr) -> Expr:
    return replace(node, window=after) if isinstance(node, Vector) and node.window == before else node


def _matcher(rule: Rule, select: frozenset[str]) -> Iterator[Mutation]:
    """Remove each matcher that is not part of `select`."""
    yield from _each(
        rule,
        lambda e: nodes(e, Vector),
        lambda node: [
            replace(node, matchers=tuple(m for m in node.matchers if m != matcher))
            for matcher in node.matchers
            if matcher.label not in select
        ],
    )


def _select(rule: Rule, select: frozenset[str]) -> Iterator[Mutation]:
    """Remove each label of `select` from the whole rule."""
    expr = _tree(rule)
    matched = (matcher.label for vector in nodes(expr, Vector) for matcher in vector.matchers)
    for label in dict.fromkeys(each for each in matched if each in select):
        yield f"the matcher of {label} lost", _with(rule, mapped(expr, partial(_unmatched, label)))


def _unmatched(label: str, node: Expr) -> Expr:
    if not isinstance(node, Vector):
        return node
    return replace(node, matchers=tuple(matcher for matcher in node.matchers if matcher.label != label))


def _aggregation(rule: Rule, select: frozenset[str]) -> Iterator[Mutation]:
    del select
    yield from _each(
        rule,
        lambda e: nodes(e, Aggregate),
        lambda n: [replace(n, op=_SWAPPED[n.op])] if n.op in _SWAPPED else [],
    )


def _grouping(rule: Rule, select: frozenset[str]) -> Iterator[Mutation]:
    """Remove each label by which aggregations group from the whole rule."""
    del select
    expr = _tree(rule)
    for label in dict.fromkeys(label for node in nodes(expr, Aggregate) for label in node.by or ()):
        yield f"no longer by {label}", _with(rule, mapped(expr, partial(_ungrouped, label)))


def _ungrouped(label: str, node: Expr) -> Expr:
    if not isinstance(node, Aggregate) or node.by is None:
        return node
    return replace(node, by=tuple(each for each in node.by if each != label))


def _quantile(rule: Rule, select: frozenset[str]) -> Iterator[Mutation]:
    del select

    def moved(node: Call) -> Iterator[Expr]:
        q, *rest = node.arguments
        if node.function == "histogram_quantile" and isinstance(q, Number):
            for value in (1 - (1 - q.value) * 2, 1 - (1 - q.value) / 2):
                yield replace(node, arguments=(Number(max(value, Fraction(1, 10))), *rest))

    yield from _each(rule, lambda e: nodes(e, Call), moved)


def _operands(rule: Rule, select: frozenset[str]) -> Iterator[Mutation]:
    """Swap the operands of each division and subtraction."""
    del select
    yield from _each(
        rule,
        lambda e: (n for n in nodes(e, Binary) if n.op in ("/", "-")),
        lambda node: [replace(node, left=node.right, right=node.left)],
    )


def _set_operator(rule: Rule, select: frozenset[str]) -> Iterator[Mutation]:
    """Swap `and` and `unless`, and remove the guard."""
    del select
    swapped = {"and": "unless", "unless": "and"}
    yield from _each(
        rule,
        lambda e: (n for n in nodes(e, Binary) if n.op in swapped),
        lambda node: [replace(node, op=swapped[node.op]), node.left],
    )


def _pair_mutations(key: str, changed: str, rule: Rule, select: frozenset[str]) -> Iterator[Mutation]:
    """Remove each label or annotation, and change it by the format `changed`."""
    del select
    before = pairs(rule, key)
    for name, value in before.items():
        yield f"{name} lost", {**rule, key: {other: before[other] for other in before if other != name}}
        yield f"{name} changed", {**rule, key: {**before, name: changed.format(value)}}


# Each mutation with the kinds of case that are likely to detect it first.
_MUTATIONS: Final[
    Mapping[str, tuple[Callable[[Rule, frozenset[str]], Iterator[Mutation]], tuple[str, ...]]]
] = {
    "operator flipped": (_operator_flipped, ("fires",)),
    "operator loosened": (_operator_loosened, ("threshold",)),
    "threshold": (_threshold, ("fires", "short")),
    "number": (_number, ("part",)),
    "duration": (_duration, ("fires", "keeps-firing")),
    "window": (_window, ("window", "vanished")),
    "matcher lost": (_matcher, ("bystanders", "short")),
    "select lost": (_select, ("elsewhere",)),
    "aggregation": (_aggregation, ("replicas",)),
    "grouping": (_grouping, ("fires",)),
    "quantile": (_quantile, ("threshold", "fires")),
    "operands": (_operands, ("fires", "part")),
    "set operator": (_set_operator, ("guard", "fires")),
    "label": (partial(_pair_mutations, "labels", "not-{}"), ("fires", "part")),
    "annotation": (partial(_pair_mutations, "annotations", "{}."), ("fires",)),
}


def likely_kinds(mutation: str) -> tuple[str, ...]:
    """Return the kinds of case that are likely to detect a mutation first."""
    return _MUTATIONS[mutation][1]


def _tree(rule: Rule) -> Expr:
    return read_expr(str(rule["expr"]))


def _with(rule: Rule, expr: Expr) -> Rule:
    return {**rule, "expr": text(expr)}


def _comparisons(expr: Expr) -> Iterator[Binary]:
    return (node for node in nodes(expr, Binary) if node.op in COMPARISONS)


def _each(
    rule: Rule, find: Callable[[Expr], Iterable[ExprKind]], change: Callable[[ExprKind], Iterable[Expr]]
) -> Iterator[Mutation]:
    """Yield a mutation for each node that `find` yields and each replacement that `change` yields for it."""
    expr = _tree(rule)
    for node in find(expr):
        for new in change(node):
            yield f"{brief(node)} -> {brief(new)}", _with(rule, replaced(expr, node, new))
