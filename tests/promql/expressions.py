"""Random expressions, drawn by type from the grammar and the functions, and texts with one broken token."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from fractions import Fraction
from functools import cache, partial
from typing import Literal, TypeVar

from hypothesis import strategies as st

from victor_monitoring.promql.grammar import AGGREGATIONS, COMPARISONS, PRECEDENCE, SET_OPERATORS, TRIMS
from victor_monitoring.promql.lexer import tokens
from victor_monitoring.promql.printer import text
from victor_monitoring.promql.prometheus_version import OLDEST, PrometheusVersion
from victor_monitoring.promql.signatures import FUNCTIONS, RANGE, SCALAR, STRING, VECTOR, ValueType
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
)

T = TypeVar("T")

# Those of histograms are left out: without feature flags no samples have them.
OPERATORS = tuple(op for op in PRECEDENCE if op not in TRIMS)


def functions_of(prometheus: PrometheusVersion) -> tuple[str, ...]:
    """Return the names of the functions that a version has."""
    return tuple(
        name
        for name, signature in FUNCTIONS.items()
        if signature.since <= prometheus and (signature.until is None or prometheus < signature.until)
    )


@dataclass(frozen=True, eq=False)
class Words:
    """What an expression is made of; the first of each are the simplest.

    `names` match names of metrics; with None every selector has a name. `texts` are the strings that are
    given to a function or an aggregation: choices for the first of them, for the second, and so on. `inside`
    are the words of the arguments of a function or an aggregation, if they are others.
    """

    metrics: tuple[str, ...]
    labels: tuple[str, ...]
    matchers: tuple[Matcher, ...]
    numbers: tuple[Fraction | float, ...]
    windows: tuple[int, ...]
    steps: tuple[int | None, ...]
    offsets: tuple[int, ...]
    instants: tuple[Instant, ...]
    functions: tuple[str, ...]
    texts: Mapping[str, Sequence[tuple[str, ...]]]
    names: tuple[Matcher, ...] | None = ()
    operators: tuple[str, ...] = OPERATORS
    aggregations: tuple[str, ...] = tuple(AGGREGATIONS)
    inside: Mapping[str, Words] = field(default_factory=dict)

    def functions_with(self, result: ValueType) -> tuple[str, ...]:
        """Return the functions with this type of result."""
        return tuple(name for name in self.functions if FUNCTIONS[name].result == result)

    @property
    def of_scalars(self) -> tuple[str, ...]:
        """The operators that take scalars."""
        return tuple(op for op in self.operators if op not in SET_OPERATORS)


_LABELS = ("job", "code", "by", "on", "bool", "__x")
_VALUES = ("", "web", "5..", 'a"b', "\\d+", "`", "\n", "ü", "a|b", "\t\x01")
_PATTERNS = ("", ".*", ".+", "5..", "a|b", r"\d+", "(?i)x", "[[:alpha:]]+", r"a\.b")
_TEXTS = (("job", "$1", "(.*)", 'a"b', ""),)


def all_words(prometheus: PrometheusVersion = OLDEST) -> Words:
    """Return words of every kind that a version takes."""
    is_new = prometheus > OLDEST
    labels = (*_LABELS, "http.status", "é", "inf") if is_new else _LABELS
    names = ("up", "requests_total", "job:errors:rate5m", "sum", "by", "offset", "start", "and", ":a")
    ops = [("=", _VALUES), ("!=", _VALUES), ("=~", _PATTERNS), ("!~", _PATTERNS)]
    functions = functions_of(prometheus)
    return Words(
        metrics=(*names, "my.metric", "bool") if is_new else names,
        labels=labels,
        matchers=tuple(Matcher(label, op, value) for label in labels for op, each in ops for value in each),
        numbers=(
            *map(Fraction, ("0", "1", "0.1", "-1.5", "1e25", "1e-9")),
            math.inf,
            -math.inf,
            math.nan,
        ),
        windows=(1, 250, 1000, 30_000, 90_000, 300_000, 3_600_000, 90_061_001, 31_536_000_000),
        steps=(None, 1000, 30_000, 90_000, 300_000),
        offsets=(0, 0, 0, 60_000, -250),
        instants=(0, 1_600_000_000_500, "start", "end"),
        functions=functions,
        texts={**dict.fromkeys(functions, _TEXTS), "count_values": (("code",),)},
    )


@cache
def expressions(words: Words, kind: ValueType, depth: int) -> st.SearchStrategy[Expr]:
    """Return the strategy of expressions of a type, with at most `depth` operations around a selector.

    The expressions in an expression are drawn by strategies, too: it shrinks to one of these, if that fails.
    """
    return _drawn(words, kind, depth)


@st.composite
def _drawn(draw: st.DrawFn, words: Words, kind: ValueType, depth: int) -> Expr:
    drawing = _Drawing(draw, words)
    makers = {VECTOR: drawing.vector, SCALAR: drawing.scalar, RANGE: drawing.ranged, STRING: drawing.text}
    return makers[kind](depth)


@st.composite
def any_types(draw: st.DrawFn, words: Words, types: Sequence[ValueType], depth: int) -> Expr:
    """Draw an expression of one of these types."""
    return draw(expressions(words, _Drawing(draw, words).one(types), depth))


@cache
def _below(count: int) -> st.SearchStrategy[int]:
    return st.integers(0, count - 1)


class _Drawing:
    """The draws of one level of an expression."""

    def __init__(self, draw: st.DrawFn, words: Words) -> None:
        self._draw, self._words = draw, words

    def one(self, choices: Sequence[T]) -> T:
        return choices[self._draw(_below(len(choices)))]

    def _is_one_of(self, count: int) -> bool:
        """Return whether a case occurs that is one of `count`; shrinking removes it."""
        return self._draw(_below(count)) == count - 1

    def _inner(self, kind: ValueType, depth: int, user: str = "") -> Expr:
        return self._draw(expressions(self._words.inside.get(user, self._words), kind, depth))

    def vector(self, depth: int) -> Expr:
        if depth == 0:
            return self._selector()
        words = self._words
        called, operators = words.functions_with(VECTOR), words.operators
        makers: tuple[Callable[[int], Expr], ...] = (
            lambda _: self._selector(),
            *(self._signed,) * bool(operators),
            *(partial(self._call, called),) * 6,
            *(self._aggregate,) * 2 * bool(words.aggregations),
            *(self._with_scalar,) * bool(words.of_scalars),
            *(self._matched,) * 2 * bool(operators),
        )
        return self.one(makers)(depth - 1)

    def scalar(self, depth: int) -> Expr:
        if depth == 0 or self._draw(_below(2)) == 0:
            return Number(self.one(self._words.numbers))
        called, operators = self._words.functions_with(SCALAR), self._words.of_scalars
        if called and self._draw(_below(2)) == 0:
            return self._call(called, depth - 1)
        if not operators:
            return Number(self.one(self._words.numbers))
        op = self.one(operators)
        left, right = self._inner(SCALAR, depth - 1), self._inner(SCALAR, depth - 1)
        return Binary(op, left, right, as_bool=op in COMPARISONS)

    def ranged(self, depth: int) -> Expr:
        window = self.one(self._words.windows)
        if depth == 0 or self._draw(_below(10)) < 7:
            return replace(self._selector(), window=window)
        step = self.one(self._words.steps)
        return Subquery(self._inner(VECTOR, depth - 1), window, step, *self._moved())

    def text(self, _: int) -> Expr:
        return Text(self.one(self._words.labels))

    def _selector(self) -> Vector:
        """Draw a selector of an instant vector that does not select every series."""
        words, metric = self._words, self.one(self._words.metrics)
        matchers = [self.one(words.matchers) for _ in range(self.one((0, 0, 1, 2)))] if words.matchers else []
        if words.names is not None and self._is_one_of(15):
            named = [*matchers, *([self.one(words.names)] if words.names else [])]
            if not all(each.matches("") for each in named):
                metric, matchers = "", named
        return Vector(metric, tuple(matchers), None, *self._moved())

    def _moved(self) -> tuple[int, Instant | None]:
        return self.one(self._words.offsets), self.one(self._words.instants) if self._is_one_of(4) else None

    def _labels(self) -> tuple[str, ...]:
        return tuple(dict.fromkeys(self.one(self._words.labels) for _ in range(self.one((0, 1, 2)))))

    def _clause(self) -> tuple[tuple[str, ...] | None, tuple[str, ...] | None]:
        """Draw labels of one of two clauses, or neither."""
        which = self.one(("none", "first", "second"))
        return self._labels() if which == "first" else None, self._labels() if which == "second" else None

    def _signed(self, depth: int) -> Expr:
        signs: tuple[Literal["-", "+"], ...] = ("-", "-", "+")
        return Unary(self.one(signs), self._inner(VECTOR, depth))

    def _aggregate(self, depth: int) -> Expr:
        op = self.one(self._words.aggregations)
        by, without = self._clause()
        parameter: Expr | None = None
        if AGGREGATIONS[op]:
            parameter = self._text(op, 0) if op == "count_values" else self._inner(SCALAR, depth)
        return Aggregate(op, self._inner(VECTOR, depth, op), by, parameter, without)

    def _with_scalar(self, depth: int) -> Expr:
        op = self.one(self._words.of_scalars)
        sides = (self._inner(VECTOR, depth), self._inner(SCALAR, depth))
        left, right = sides[::-1] if self._is_one_of(2) else sides
        return Binary(op, left, right, as_bool=op in COMPARISONS and self._is_one_of(3))

    def _matched(self, depth: int) -> Expr:
        """Draw an operation of two vectors; the side of which one series matches is mostly aggregated."""
        op = self.one(self._words.operators)
        on, ignoring = self._clause()
        many: Literal["left", "right"] | None = None
        if op not in SET_OPERATORS and (on is not None or ignoring is not None):
            sides: tuple[Literal["left", "right"] | None, ...] = (None, "left", "right")
            many = self.one(sides)
        include = tuple(each for each in self._labels() if each not in (on or ())) if many else ()
        as_bool = op in COMPARISONS and self._is_one_of(3)
        left, right = self._inner(VECTOR, depth), self._inner(VECTOR, depth)
        if many and self._is_one_of(2):
            labels = on or self._words.labels[:1]
            left = Aggregate("sum", left, labels) if many == "right" else left
            right = Aggregate("sum", right, labels) if many == "left" else right
        return Binary(op, left, right, on, as_bool, ignoring, many, include)

    def _call(self, names: Sequence[str], depth: int) -> Expr:
        name = self.one(names)
        signature = FUNCTIONS[name]
        most = signature.fewest + 2 if signature.most is None else signature.most
        count = signature.fewest + self._draw(_below(most - signature.fewest + 1))
        wanted = [signature.argument(index) for index in range(count)]
        arguments: list[Expr] = []
        for index, each in enumerate(wanted):
            place = wanted[:index].count(STRING)
            arguments.append(self._text(name, place) if each == STRING else self._inner(each, depth, name))
        return Call(name, tuple(arguments))

    def _text(self, user: str, index: int) -> Text:
        places = self._words.texts[user]
        return Text(self.one(places[min(index, len(places) - 1)]))


def fresh(strategy: st.SearchStrategy[T]) -> st.SearchStrategy[T]:
    """Return the strategy for values of which none is made of parts of the one before.

    Otherwise most of Hypothesis' examples repeat parts of others, and few functions are drawn. It repeats no
    part of a list whose elements must differ.
    """
    return st.lists(strategy, min_size=1, max_size=1, unique_by=id).map(lambda found: found[0])


_REPLACEMENTS = (
    "", ")", "(", "{", "}", "]", "[5m]", ",", "+", "bool", "offset 5m", "@ 1", "1", '"', "by", "=", "x", "#",
)  # fmt: skip


@st.composite
def broken(draw: st.DrawFn, expressions: st.SearchStrategy[Expr]) -> str:
    """Draw a text with one of its tokens replaced, doubled or removed; it may still be an expression."""
    whole = text(draw(expressions))
    found = list(tokens(whole))[:-1]
    token = found[draw(_below(len(found)))]
    new = (*_REPLACEMENTS, token.text + " " + token.text)[draw(_below(len(_REPLACEMENTS) + 1))]
    return (whole[: token.start] + new + whole[token.end :]).strip() or ")"
