"""The inference of a value, and that of the results of binary operators."""

from __future__ import annotations

from dataclasses import dataclass, replace
from fractions import Fraction
from typing import Final, Literal, TypeAlias

from victor_monitoring.promql.grammar import COMPARISONS, NAME, SET_OPERATORS
from victor_monitoring.promql.inference import dimensions, ranges
from victor_monitoring.promql.inference.dimensions import FACTOR, ONE, Dimension
from victor_monitoring.promql.inference.labels import ANY_LABELS, NO_LABELS, Key, Labels
from victor_monitoring.promql.inference.ranges import Range
from victor_monitoring.promql.tree import Binary

Emptiness: TypeAlias = Literal["never", "possibly", "always"]


@dataclass(frozen=True, slots=True)
class Inferred:
    """The labels, dimension (None if unknown) and range of the values, and whether there can be none.

    A scalar has one value and no labels. Those of a range vector are its samples.
    """

    labels: Labels = ANY_LABELS
    dimension: Dimension | None = None
    range: Range = ranges.ANY
    empty: Emptiness = "possibly"

    def __post_init__(self) -> None:
        if self.labels.is_impossible:
            object.__setattr__(self, "empty", "always")

    @property
    def is_aggregated(self) -> bool:
        """Whether only labels pass through that are known by name."""
        return not self.labels.open

    @property
    def is_one(self) -> bool:
        """Whether there is always exactly one series."""
        return self.empty == "never" and self.is_aggregated and self.labels.most(self.labels.named) == 1


def scalar(values: Range, dimension: Dimension | None = ONE) -> Inferred:
    """Return the inference of a scalar."""
    return Inferred(NO_LABELS, dimension, values, "never")


def weaker(empty: Emptiness) -> Emptiness:
    """Return the emptiness of a vector of which some series may be dropped."""
    return "possibly" if empty == "never" else empty


def operation(expr: Binary, left: Inferred, right: Inferred, *, scalars: tuple[bool, bool]) -> Inferred:
    """Return the inference of a binary operation; `scalars` says which sides are scalars."""
    if True not in scalars:
        key = key_of(expr)
        of_vectors = _of_sets if expr.op in SET_OPERATORS else _of_matches
        return of_vectors(expr, key, left, right)
    vector = left if scalars[1] else right
    found = _result(expr, left, right, kept=vector)
    if all(scalars):
        return found
    labels = vector.labels if _is_filter(expr) else _renamed(expr, vector.labels)
    return replace(found, labels=labels, empty=_dropped(expr, vector.empty, left.range, right.range))


def key_of(expr: Binary) -> Key:
    """Return the labels on which the series of two vectors match."""
    if expr.on is not None:
        return Key(frozenset(expr.on), is_excluding=False)
    return Key(frozenset(expr.ignoring or ()) | {NAME}, is_excluding=True)


def _is_filter(expr: Binary) -> bool:
    return expr.op in COMPARISONS and not expr.as_bool


def _renamed(expr: Binary, labels: Labels) -> Labels:
    """Return the labels without the name; versions before 3.0 keep it for `atan2`."""
    if expr.op != "atan2":
        return labels.unnamed()
    return labels.with_values(NAME, labels[NAME]._replace(missing=True))


def _dropped(expr: Binary, empty: Emptiness, left: Range, right: Range) -> Emptiness:
    """Return the emptiness of a result, given that of the operands: a filter drops series."""
    if not _is_filter(expr) or empty == "always":
        return empty
    kept = ranges.holds(expr.op, left, right)
    return empty if kept == "always" else "always" if kept == "never" else "possibly"


def _result(expr: Binary, left: Inferred, right: Inferred, kept: Inferred) -> Inferred:
    """Return the values of an operator without their labels; a filter leaves values of `kept`."""
    if expr.op not in COMPARISONS:
        values = ranges.arithmetic(expr.op, left.range, right.range)
        return scalar(values, _dimension(expr.op, left, right))
    if not _is_filter(expr):
        return scalar(ranges.compared(expr.op, left.range, right.range))
    if ranges.holds(expr.op, left.range, right.range) == "never":
        return kept
    op, other = (expr.op, right) if kept is left else (ranges.flipped(expr.op), left)
    return replace(kept, range=ranges.narrowed(op, kept.range, other.range))


def _of_matches(expr: Binary, key: Key, left: Inferred, right: Inferred) -> Inferred:
    """Return the inference of an operator of matching series."""
    mine, others = key.matched(left.labels, right.labels), key.matched(right.labels, left.labels)
    found = _result(expr, left, right, kept=left)
    many, one = (others, mine) if expr.many == "right" else (mine, others)
    labels = many if _is_filter(expr) else _renamed(expr, many)
    if expr.many is not None:
        for name in expr.include:
            labels = labels.with_values(name, one[name])
        labels = labels.unnamed() if expr.as_bool else labels
    else:
        labels = labels.only(expr.on) if expr.on is not None else labels.without(expr.ignoring or ())
    empty: Emptiness = "possibly"
    if "always" in (left.empty, right.empty) or mine.is_impossible:
        empty = "always"
    elif left.empty == right.empty == "never" and key.is_certain(left.labels, right.labels):
        empty = "never"
    return replace(found, labels=labels, empty=_dropped(expr, empty, left.range, right.range))


def _of_sets(expr: Binary, key: Key, left: Inferred, right: Inferred) -> Inferred:
    """Return the inference of `and`, `or` or `unless`."""
    matched = key.matched(left.labels, right.labels)
    is_certain = right.empty == "never" and key.is_certain(left.labels, right.labels)
    is_apart = "always" in (left.empty, right.empty) or matched.is_impossible
    match expr.op:
        case "and":
            empty = "always" if is_apart else left.empty if is_certain else weaker(left.empty)
            return replace(left, labels=matched, empty=empty)
        case "unless":
            if is_apart:
                return left
            return replace(left, empty="always" if is_certain else weaker(left.empty))
    if right.empty == "always" or (left.empty == "never" and key.is_certain(left.labels, right.labels)):
        return left
    return right if left.empty == "always" else _union(left, right)


def _union(left: Inferred, right: Inferred) -> Inferred:
    return Inferred(
        left.labels.either(right.labels),
        _common(left, right),
        ranges.either(left.range, right.range),
        "never" if "never" in (left.empty, right.empty) else "possibly",
    )


def _common(left: Inferred, right: Inferred) -> Dimension | None:
    """Return the dimension of both; a constant has that of the other side."""
    if left.range.constant is not None:
        return right.dimension
    if right.range.constant is not None:
        return left.dimension
    return dimensions.alike(left.dimension, right.dimension)


_UNITY: Final = (-1, 0, 1)  # factors that convert no unit


def _dimension(op: str, left: Inferred, right: Inferred) -> Dimension | None:
    """Return the dimension of a result of arithmetic."""
    one, other = left.range.constant, right.range.constant
    if one is not None and other is not None:
        return ONE
    match op:
        case "+" | "-":
            sign = 1 if op == "+" else -1
            if other is not None:
                return left.dimension
            if one is not None:
                is_moment = sign < 0 and right.dimension is not None and right.dimension.is_moment
                return None if is_moment else right.dimension
            return dimensions.total(left.dimension, right.dimension, sign)
        case "*" | "/":
            if other == 1 or (one == 1 and op == "*"):
                return left.dimension if other == 1 else right.dimension
            sign = 1 if op == "*" else -1
            return dimensions.product(_factor(left), _factor(right), sign)
        case "%":
            dividend = dimensions.difference(left.dimension)
            return dividend if other is not None else dimensions.alike(dividend, right.dimension)
        case "^":
            return _power(left, other)
    return ONE


def _factor(one: Inferred) -> Dimension | None:
    """Return the dimension of a factor: a constant may convert units."""
    value = one.range.constant
    return one.dimension if value is None else ONE if value in _UNITY else FACTOR


def _power(left: Inferred, exponent: Fraction | None) -> Dimension | None:
    if exponent is not None:
        return dimensions.power(left.dimension, exponent)
    return ONE if left.dimension == ONE else None
