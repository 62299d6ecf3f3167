"""The declarations of the metrics that rules read: from expositions, or guessed from use and name."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from fractions import Fraction
from typing import Final

from victor_monitoring.promql.grammar import COMPARISONS
from victor_monitoring.promql.rules import Rule
from victor_monitoring.promql.tree import (
    Aggregate,
    Binary,
    Call,
    Expr,
    Number,
    Vector,
    children,
    nodes,
    number,
    vectors,
)
from victor_monitoring.signals.go_template.lexer import GoTemplateError
from victor_monitoring.signals.go_template.reader import read
from victor_monitoring.signals.go_template.uses import uses
from victor_monitoring.signals.metric import Label, Metric
from victor_monitoring.signals.metric_types import METRIC_TYPES
from victor_monitoring.signals.quantity import OPERATORS
from victor_monitoring.signals.template import has_go_template
from victor_monitoring.signals.units import BYTES, COUNT, ENDINGS, SECONDS, TIMESTAMP, Unit

_OF_TARGETS: Final = frozenset({"instance"})  # what every series of a target has, declared or not
_GROWTH: Final = frozenset({"rate", "increase", "irate"})


@dataclass(frozen=True, slots=True)
class KnownMetrics:
    """The metrics of expositions: each of their parts by the name of the metric.

    `buckets` are upper bounds in the metric's unit, in order and without infinity.
    """

    types: dict[str, str] = field(default_factory=dict)
    helps: dict[str, str] = field(default_factory=dict)
    units: dict[str, Unit] = field(default_factory=dict)
    labels: dict[str, tuple[str, ...]] = field(default_factory=dict)
    buckets: dict[str, tuple[Fraction, ...]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Declaration:
    """A metric as the spec declares it, with the keys and the names of labels that are guesses."""

    metric: Metric
    guesses: frozenset[str]
    guessed_labels: frozenset[str] = frozenset()

    def with_labels(self, names: Iterable[str], *, are_guesses: bool = False) -> Declaration:
        """Return the declaration with those of the labels that its series do not have anyway."""
        _, own = self.metric.type.LABEL or ("", "")
        implied = {own, "__name__", *(() if self.metric.recorded else _OF_TARGETS), *self.metric.label_names}
        added = [each for each in dict.fromkeys(names) if each not in implied]
        labels = (*self.metric.labels, *(Label(each, None) for each in added))
        guessed = self.guessed_labels.union(added if are_guesses else ())
        return replace(self, metric=replace(self.metric, labels=labels), guessed_labels=guessed)

    @property
    def is_guess(self) -> bool:
        """Whether a part of it is a guess."""
        return bool(self.guesses or self.guessed_labels)


def declarations(rules: Iterable[Rule], known: KnownMetrics) -> dict[str, Declaration]:
    """Return the declarations of the metrics that the rules read, by the names of their series."""
    rules = list(rules)
    used = {each.metric for rule in rules for each in vectors(rule.expr) if each.metric}
    growing = {
        each.metric
        for rule in rules
        for call in nodes(rule.expr, Call)
        if call.function in _GROWTH
        for each in vectors(call)
    }
    labels, shown = _labels(rules), _shown_units(rules)
    states, signed = _compared(rules, _is_state), _compared(rules, lambda op, value: value < 0)
    families = {name: _family(name, used, growing - states, known) for name in sorted(used)}
    named: dict[str, dict[str, None]] = {}
    for name, (family, _) in families.items():
        named.setdefault(family, {}).update(dict.fromkeys(sorted(labels.get(name, ()))))
    made = {
        (family, kind): _declaration(
            family, kind, named[family], known, shown=shown.get(family), is_signed=family in signed
        )
        for family, kind in families.values()
    }
    return {name: made[family] for name, family in families.items()}


def _declaration(
    name: str, kind: str, labels: Iterable[str], known: KnownMetrics, *, shown: Unit | None, is_signed: bool
) -> Declaration:
    recorded = _may_be_recorded(name, known) and kind == "gauge"
    exposed_unit = known.units.get(name)
    unit = exposed_unit or _unit(name)
    # An exposition has no word for moments.
    if shown is not None and (unit == COUNT or (unit == SECONDS and shown.is_moment)):
        unit = shown
    if is_signed and unit.least is not None and exposed_unit is None:
        unit = COUNT
    guesses = {
        "type": name not in known.types and not recorded,
        "unit": unit not in (exposed_unit, COUNT),
    }
    metric = Metric(
        name,
        METRIC_TYPES[kind],
        unit,
        known.helps.get(name, ""),
        buckets=known.buckets.get(name, ()),
        recorded=recorded,
    )
    made = Declaration(metric, frozenset(key for key, is_guess in guesses.items() if is_guess))
    exposed = made.with_labels(known.labels.get(name, ()))
    return exposed.with_labels(labels, are_guesses=True)


def _shown_units(rules: Sequence[Rule]) -> dict[str, Unit]:
    """Return the units that use shows: a moment is a distance from now, a size is compared with 1024s."""
    now, kibi = Call("time", ()), number(1024)
    found: dict[str, Unit] = {}
    for rule in rules:
        for binary in nodes(rule.expr, Binary):
            sides = (binary.left, binary.right)
            if binary.op == "-" and now in sides:
                side = sides[sides[0] == now]
                found |= {each.metric: TIMESTAMP for each in _folded(side)}
            elif binary.op in OPERATORS and kibi in _factors(binary.right):
                found |= {each.metric: BYTES for each in _folded(binary.left)}
    return found


def _factors(expr: Expr) -> Iterator[Expr]:
    if isinstance(expr, Binary) and expr.op == "*":
        yield from _factors(expr.left)
        yield from _factors(expr.right)
    else:
        yield expr


def _folded(expr: Expr) -> Iterator[Vector]:
    """Yield the selector that an expression is made of, if it only folds its values."""
    match expr:
        case Vector():
            yield expr
        case Aggregate(expr=inner) | Call(arguments=(inner,)):
            yield from _folded(inner)


def _labels(rules: Sequence[Rule]) -> dict[str, set[str]]:
    """Return the labels by which rules select or keep series apart, by the name of the series.

    A recorded series has no other labels, so those by which it is matched, and those in texts, are added.
    """
    found: dict[str, set[str]] = {}
    for rule in rules:
        for vector in vectors(rule.expr):
            found.setdefault(vector.metric, set()).update(matcher.label for matcher in vector.matchers)
        for name, kept in _kept(rule.expr, frozenset()):
            found[name].update(kept)
        passed = [(rule.expr, _labels_in_texts(rule))]
        for binary in nodes(rule.expr, Binary):
            one = binary.left if binary.many == "right" else binary.right
            passed += [(binary.left, binary.on or ()), (binary.right, binary.on or ()), (one, binary.include)]
        for expr, labels in passed:
            for label in labels:
                for vector in passing(expr, label):
                    if _has_level(vector.metric):
                        found[vector.metric].add(label)
    return found


def _kept(expr: Expr, labels: frozenset[str]) -> Iterator[tuple[str, frozenset[str]]]:
    """Yield each series with those of the labels, which aggregations keep, that may be its own.

    A label of an operation may be that of one side alone, unless series match on it.
    """
    if isinstance(expr, Vector):
        yield expr.metric, labels
    elif isinstance(expr, Aggregate):
        yield from _kept(expr.expr, labels | {*(expr.by or ())})
    elif isinstance(expr, Binary) and expr.on is not None and expr.op != "or":
        matched = labels & {*expr.on, *expr.include}
        rest = labels - {*expr.include}
        yield from _kept(expr.left, matched if expr.many == "right" else rest)
        yield from _kept(expr.right, rest if expr.many == "right" else matched)
    else:
        for child in children(expr):
            yield from _kept(child, labels)


def passing(expr: Expr, label: str) -> Iterator[Vector]:
    """Yield the selectors from which the values of the expression may have the label."""
    match expr:
        case Vector():
            yield expr
        case Aggregate():
            if expr.without is not None and label not in expr.without:
                yield from passing(expr.expr, label)
        case Binary(_, left, right) if expr.many is not None and label not in (expr.on or ()):
            many, one = (left, right) if expr.many == "left" else (right, left)
            yield from passing(one if label in expr.include else many, label)
        case _:
            for child in children(expr):
                yield from passing(child, label)


def _labels_in_texts(rule: Rule) -> Collection[str]:
    """Return the labels that the labels and annotations of an alert print."""
    found: dict[str, None] = {}
    for _, text in (*rule.labels, *rule.annotations):
        if has_go_template(text):
            with suppress(GoTemplateError):
                found |= dict.fromkeys(use.name for use in uses(read(text)).labels)
    return found


def _compared(rules: Iterable[Rule], fits: Callable[[str, float], bool]) -> set[str]:
    """Return the series whose own values are compared with a number, where operator and number fit."""
    return {
        each.left.metric
        for rule in rules
        for each in nodes(rule.expr, Binary)
        if each.op in COMPARISONS and isinstance(each.left, Vector) and isinstance(each.right, Number)
        if fits(each.op, float(each.right.value))
    }


def _is_state(op: str, value: float) -> bool:
    """Return whether a comparison is about a state, such as 1, and not about whether anything was counted."""
    return op in ("==", "!=") and value != 0


def _has_level(name: str) -> bool:
    """Return whether a name is one that recording rules make: `level:metric:operations`."""
    return ":" in name


def _may_be_recorded(name: str, known: KnownMetrics) -> bool:
    return _has_level(name) and name not in known.types


def _family(name: str, used: Collection[str], growing: set[str], known: KnownMetrics) -> tuple[str, str]:
    """Return the metric that a series belongs to, and its type.

    Recording rules give current values: a series that grows is exposed, whatever its name.
    """
    if _may_be_recorded(name, known):
        return name, "counter" if name in growing else "gauge"
    for kind, type_ in METRIC_TYPES.items():
        labelled, _ = type_.LABEL or ("", "")
        for suffix in type_.SUFFIXES:
            stem = name.removesuffix(suffix)
            if known.types.get(stem) == kind and (not suffix or stem != name):
                return stem, kind
            is_whole = labelled and f"{stem}{labelled}" in growing and stem not in (*used, *known.types)
            if is_whole and stem != name:
                return stem, kind
    for suffix in ("_sum", "_count"):
        stem = name.removesuffix(suffix)
        if stem != name and {f"{stem}_sum", f"{stem}_count"} <= growing:
            return stem, "summary"
    if {f"{name}_sum", f"{name}_count"} <= growing:
        return name, "summary"
    return name, "counter" if name in growing else "gauge"


def _unit(name: str) -> Unit:
    stem = name.removesuffix("_total")
    ending = max((each for each in ENDINGS if stem.endswith(f"_{each}")), key=len, default="")
    unit = ENDINGS.get(ending, COUNT)
    return unit if ending in unit.endings else COUNT
