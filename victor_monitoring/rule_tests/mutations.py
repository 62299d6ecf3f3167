"""Mutations: the ways in which a rule is changed on purpose, each of which some case must detect.

Equal parts of an expression change together, as a compiler's mistake would change them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from fractions import Fraction
from functools import partial
from typing import Final, TypeAlias

from victor_monitoring.promql.duration import duration_text
from victor_monitoring.promql.printer import brief
from victor_monitoring.promql.rules import Pairs, Rule
from victor_monitoring.promql.tree import (
    Aggregate,
    Binary,
    Call,
    Expr,
    ExprKind,
    Number,
    Vector,
    mapped,
    nodes,
    replaced,
)
from victor_monitoring.signals.template import is_copy

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
        return f"{self.old}, {self.mutation}: {self.about}"


def mutants(rule: Rule, select: frozenset[str]) -> Iterator[Mutant]:
    """Yield every mutant of a rule once; `select` are the labels by which targets are selected."""
    known = {rule}
    for mutation, (changes, _) in _MUTATIONS.items():
        for about, new in changes(rule, select):
            if new not in known:
                known.add(new)
                yield Mutant(mutation, about, rule, new)


def _operator_flipped(rule: Rule, select: frozenset[str]) -> Iterator[Mutation]:
    del select
    yield from _each(rule, _comparisons, lambda node: [replace(node, op=_FLIPPED[node.op])])


def _operator_loosened(rule: Rule, select: frozenset[str]) -> Iterator[Mutation]:
    """Swap the strict and the non-strict form of each comparison of an alert.

    Recordings are left out: `>= 0` for `> 0` adds losses of 0 points, and the score stays the same.
    """
    del select
    if rule.kind == "alert":
        yield from _each(
            rule, _comparisons, lambda n: [replace(n, op=_LOOSENED[n.op])] if n.op in _LOOSENED else []
        )


def _threshold(rule: Rule, select: frozenset[str]) -> Iterator[Mutation]:
    del select
    if rule.kind == "alert":
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
    if rule.kind == "record":
        yield from _each(
            rule, lambda e: nodes(e, Number), lambda node: [Number(node.value * 2)] if node.value else []
        )


def _duration(rule: Rule, select: frozenset[str]) -> Iterator[Mutation]:
    del select
    if before := rule.pending:
        for after in (before // 2, before * 2):
            yield f"for {_became(before, after)}", replace(rule, pending=after)
        yield "for lost", replace(rule, pending=0)
    if before := rule.keep_firing or 0:
        for after in (before // 2, before * 2):
            yield f"keep_firing_for {_became(before, after)}", replace(rule, keep_firing=after)
        yield "keep_firing_for lost", replace(rule, keep_firing=None)


def _became(before: int, after: int) -> str:
    return f"{duration_text(before)} -> {duration_text(after)}"


def _window(rule: Rule, select: frozenset[str]) -> Iterator[Mutation]:
    """Halve and double all windows of the same length together."""
    del select
    for before in dict.fromkeys(vector.window for vector in nodes(rule.expr, Vector)):
        for after in (before // 2, before * 2) if before else ():
            about = f"[{duration_text(before or 0)}] -> [{duration_text(after)}]"
            yield about, _mapped(rule, partial(_rewindowed, before, after))


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
    matched = (matcher.label for vector in nodes(rule.expr, Vector) for matcher in vector.matchers)
    for label in dict.fromkeys(each for each in matched if each in select):
        yield f"the matcher of {label} lost", _mapped(rule, partial(_unmatched, label))


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
    for label in dict.fromkeys(label for node in nodes(rule.expr, Aggregate) for label in node.by or ()):
        yield f"no longer by {label}", _mapped(rule, partial(_ungrouped, label))


def _ungrouped(label: str, node: Expr) -> Expr:
    if not isinstance(node, Aggregate) or node.by is None:
        return node
    return replace(node, by=tuple(each for each in node.by if each != label))


def _quantile(rule: Rule, select: frozenset[str]) -> Iterator[Mutation]:
    del select

    def moved(node: Call) -> Iterator[Expr]:
        match node:
            case Call("histogram_quantile", (Number(q), *rest)):
                exact = Fraction(q)
                for value in (1 - (1 - exact) * 2, 1 - (1 - exact) / 2):
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


def _absence(rule: Rule, select: frozenset[str]) -> Iterator[Mutation]:
    """Remove each `absent`."""
    del select
    yield from _each(rule, lambda e: nodes(e, Call), lambda n: n.arguments if n.function == "absent" else ())


def _set_operator(rule: Rule, select: frozenset[str]) -> Iterator[Mutation]:
    """Swap `and` and `unless`, and remove the guard."""
    del select
    swapped = {"and": "unless", "unless": "and"}
    yield from _each(
        rule,
        lambda e: (n for n in nodes(e, Binary) if n.op in swapped),
        lambda node: [replace(node, op=swapped[node.op]), node.left],
    )


def _label(rule: Rule, select: frozenset[str]) -> Iterator[Mutation]:
    """Remove or change each label; without a mere copy of the value's own label the rule is the same."""
    del select
    copies = {f"{label} lost" for label, text in rule.labels if is_copy(label, text)}
    changed = _changed(rule.labels, "not-{}")
    yield from ((about, replace(rule, labels=new)) for about, new in changed if about not in copies)


def _annotation(rule: Rule, select: frozenset[str]) -> Iterator[Mutation]:
    del select
    yield from ((about, replace(rule, annotations=new)) for about, new in _changed(rule.annotations, "{}."))


def _changed(pairs: Pairs, changed: str) -> Iterator[tuple[str, Pairs]]:
    """Yield the pairs with each of them removed, and with its value changed by the format `changed`."""
    for index, (name, value) in enumerate(pairs):
        before, after = pairs[:index], pairs[index + 1 :]
        yield f"{name} lost", (*before, *after)
        yield f"{name} changed", (*before, (name, changed.format(value)), *after)


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
    "absence": (_absence, ("existence",)),
    "set operator": (_set_operator, ("guard", "fires", "existence")),
    "label": (_label, ("fires", "part")),
    "annotation": (_annotation, ("fires",)),
}


def likely_kinds(mutation: str) -> tuple[str, ...]:
    """Return the kinds of case that are likely to detect a mutation first."""
    return _MUTATIONS[mutation][1]


def _mapped(rule: Rule, change: Callable[[Expr], Expr]) -> Rule:
    return replace(rule, expr=mapped(rule.expr, change))


def _comparisons(expr: Expr) -> Iterator[Binary]:
    return (node for node in nodes(expr, Binary) if node.op in COMPARISONS)


def _each(
    rule: Rule, find: Callable[[Expr], Iterable[ExprKind]], change: Callable[[ExprKind], Iterable[Expr]]
) -> Iterator[Mutation]:
    """Yield a mutation for each node that `find` yields and each replacement that `change` yields for it."""
    for node in find(rule.expr):
        for new in change(node):
            yield f"{brief(node)} -> {brief(new)}", replace(rule, expr=replaced(rule.expr, node, new))
