"""Random expressions of all PromQL, drawn by type, and texts of them that are broken in one place."""

from __future__ import annotations

import math
from collections.abc import Callable
from fractions import Fraction
from random import Random
from typing import Literal

from victor_monitoring.promql.grammar import AGGREGATIONS, COMPARISONS, SET_OPERATORS
from victor_monitoring.promql.lexer import tokens
from victor_monitoring.promql.prometheus_version import OLDEST, PrometheusVersion
from victor_monitoring.promql.signatures import FUNCTIONS, RANGE, SCALAR, STRING, ValueType
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

_METRICS = ("up", "requests_total", "job:errors:rate5m", "sum", "by", "offset", "start", "and", ":a")
_LABELS = ("job", "code", "by", "on", "bool", "__x")
_NEW_LABELS = (*_LABELS, "http.status", "é", "inf")
_VALUES = ("", "web", "5..", 'a"b', "\\d+", "`", "\n", "ü", "a|b", "\t\x01")
_PATTERNS = ("", ".*", ".+", "5..", "a|b", r"\d+", "(?i)x", "[[:alpha:]]+", r"a\.b")
_MILLISECONDS = (1, 250, 1000, 30_000, 90_000, 300_000, 3_600_000, 90_061_001, 31_536_000_000)
_NUMBERS = (0, 1, Fraction(1, 10), Fraction(-3, 2), 10**25, Fraction(1, 10**9), math.inf, -math.inf, math.nan)
_ARITHMETIC = ("+", "-", "*", "/", "%", "^", "atan2")
_REPLACEMENTS = (
    "",
    ")",
    "(",
    "{",
    "}",
    "]",
    "[5m]",
    ",",
    "+",
    "bool",
    "offset 5m",
    "@ 1",
    "1",
    '"',
    "by",
    "=",
    "x",
    "#",
)


class Drawn:
    """Expressions that a version takes, drawn by a generator of random numbers."""

    def __init__(self, dice: Random, prometheus: PrometheusVersion = OLDEST) -> None:
        self._dice, self._prometheus = dice, prometheus
        self._is_new = prometheus > OLDEST
        self._functions: dict[ValueType, list[str]] = {}
        for name, signature in FUNCTIONS.items():
            if signature.since <= prometheus and (signature.until is None or prometheus < signature.until):
                self._functions.setdefault(signature.result, []).append(name)

    def expression(self, depth: int = 4) -> Expr:
        """Draw an expression: mostly an instant vector."""
        draws: tuple[Callable[[int], Expr], ...] = (
            self.vector,
            self.vector,
            self.vector,
            self.scalar,
            self.ranged,
        )
        return self._dice.choice(draws)(depth)

    def vector(self, depth: int) -> Expr:
        """Draw an instant vector."""
        if depth == 0 or self._dice.random() < 0.2:
            return self.selector()
        draws = (self._aggregate, self._binary, self._call, self._signed, self._call)
        return self._dice.choice(draws)(depth - 1)

    def scalar(self, depth: int) -> Expr:
        """Draw a scalar."""
        if depth == 0 or self._dice.random() < 0.5:
            return Number(each if isinstance(each := self._dice.choice(_NUMBERS), float) else Fraction(each))
        if self._dice.random() < 0.5:
            return self._function(self._dice.choice(self._functions[SCALAR]), depth - 1)
        op = self._dice.choice((*_ARITHMETIC, *sorted(COMPARISONS)))
        return Binary(op, self.scalar(depth - 1), self.scalar(depth - 1), as_bool=op in COMPARISONS)

    def ranged(self, depth: int) -> Expr:
        """Draw a range vector."""
        window = self._dice.choice(_MILLISECONDS)
        if depth == 0 or self._dice.random() < 0.7:
            vector = self.selector()
            return Vector(vector.metric, vector.matchers, window, vector.offset, vector.at)
        step = self._dice.choice((None, *_MILLISECONDS[2:6]))
        return Subquery(self.vector(depth - 1), window, step, *self._moved())

    def selector(self) -> Vector:
        """Draw a selector of an instant vector that does not select every series."""
        matchers = tuple(self._matcher() for _ in range(self._dice.choice((0, 0, 1, 2))))
        metric = self._dice.choice((*_METRICS, "my.metric", "bool") if self._is_new else _METRICS)
        if self._dice.random() < 0.1 and not all(each.matches("") for each in matchers):
            metric = ""
        offset, at = self._moved()
        return Vector(metric, matchers, None, offset, at)

    def _matcher(self) -> Matcher:
        op = self._dice.choice(("=", "!=", "=~", "!~"))
        value = self._dice.choice(_VALUES if op in ("=", "!=") else _PATTERNS)
        return Matcher(self._dice.choice(_NEW_LABELS if self._is_new else _LABELS), op, value)

    def _moved(self) -> tuple[int, Instant | None]:
        offset = self._dice.choice((0, 0, 0, 60_000, -250))
        at: Instant | None = self._dice.choice((None, None, None, 0, 1_600_000_000_500, "start", "end"))
        return offset, at

    def _labels(self) -> tuple[str, ...]:
        labels = _NEW_LABELS if self._is_new else _LABELS
        return tuple(self._dice.sample(labels, self._dice.randint(0, 2)))

    def _aggregate(self, depth: int) -> Expr:
        op = self._dice.choice(list(AGGREGATIONS))
        clause = self._dice.choice(("by", "without", None))
        parameter: Expr | None = None
        if AGGREGATIONS[op]:
            parameter = Text("code") if op == "count_values" else self.scalar(depth)
        return Aggregate(
            op,
            self.vector(depth),
            self._labels() if clause == "by" else None,
            parameter,
            self._labels() if clause == "without" else None,
        )

    def _binary(self, depth: int) -> Expr:
        op = self._dice.choice((*_ARITHMETIC, *sorted(COMPARISONS), *sorted(SET_OPERATORS)))
        as_bool = op in COMPARISONS and self._dice.random() < 0.3
        if op not in SET_OPERATORS and self._dice.random() < 0.4:
            sides = [self.vector(depth), self.scalar(depth)]
            self._dice.shuffle(sides)
            return Binary(op, sides[0], sides[1], as_bool=as_bool)
        kind = self._dice.choice(("on", "ignoring", None))
        labels = self._labels()
        many: Literal["left", "right"] | None = None
        if kind is not None and op not in SET_OPERATORS:
            sides_of_many: tuple[Literal["left", "right"] | None, ...] = (None, "left", "right")
            many = self._dice.choice(sides_of_many)
        include = tuple(each for each in self._labels() if many and (kind != "on" or each not in labels))
        return Binary(
            op,
            self.vector(depth),
            self.vector(depth),
            labels if kind == "on" else None,
            as_bool,
            labels if kind == "ignoring" else None,
            many,
            include,
        )

    def _signed(self, depth: int) -> Expr:
        return Unary("-" if self._dice.random() < 0.7 else "+", self.vector(depth))

    def _call(self, depth: int) -> Expr:
        vectors = [name for result, names in self._functions.items() if result != SCALAR for name in names]
        return self._function(self._dice.choice(vectors), depth)

    def _function(self, name: str, depth: int) -> Expr:
        signature = FUNCTIONS[name]
        most = signature.fewest + 2 if signature.most is None else signature.most
        count = self._dice.randint(signature.fewest, most)
        return Call(name, tuple(self._argument(signature.argument(index), depth) for index in range(count)))

    def _argument(self, wanted: ValueType, depth: int) -> Expr:
        if wanted == STRING:
            return Text(self._dice.choice(("job", "$1", "(.*)", 'a"b', "")))
        if wanted == RANGE:
            return self.ranged(depth)
        return self.scalar(depth) if wanted == SCALAR else self.vector(depth)


def broken(dice: Random, text: str) -> str:
    """Return the text with one of its tokens replaced, doubled or removed; it may still be an expression."""
    token = dice.choice(list(tokens(text))[:-1])
    new = dice.choice((*_REPLACEMENTS, token.text + " " + token.text))
    return (text[: token.start] + new + text[token.end :]).strip() or ")"
