"""The parser of PromQL in rule files; it accepts the subset that `tree.text` prints."""

from __future__ import annotations

import json
import re
from fractions import Fraction
from typing import Final

from victor_monitoring.promql.duration import parse_duration
from victor_monitoring.promql.tree import Aggregate, Binary, Call, Expr, Matcher, Number, Vector

_TOKEN: Final = re.compile(
    r"""\s*(?:(?P<string>"(?:[^"\\]|\\.)*")
    |(?P<window>\[\w+\])
    |(?P<name>[a-zA-Z_:][a-zA-Z0-9_:]*)
    |(?P<number>-?\d+(?:\.\d+)?(?:e[+-]?\d+)?)
    |(?P<mark>=~|!~|==|!=|<=|>=|[-+*/<>=(){},]))""",
    re.VERBOSE,
)
_LEVELS: Final = ({"or"}, {"and", "unless"}, {"==", "!=", "<", "<=", ">", ">="}, {"+", "-"}, {"*", "/"})
_AGGREGATES: Final = frozenset({"sum", "avg", "max", "min", "count", "group", "topk", "bottomk"})


def read_expr(text: str) -> Expr:
    """Parse an expression. Raise ValueError if it is not in the subset that `tree.text` prints."""
    reader = _ExprReader(text)
    expr = reader.binary(0)
    if reader.kind is not None:
        raise ValueError(f"`{reader.word}` is left over in `{text}`")
    return expr


class _ExprReader:
    def __init__(self, text: str) -> None:
        self._text, self._at = text, 0
        self.kind: str | None = None
        self.word = ""
        self.step()

    def step(self) -> str:
        """Return the current token and advance to the next one."""
        word = self.word
        match = _TOKEN.match(self._text, self._at)
        if match is None:
            if self._text[self._at :].strip():
                raise ValueError(f"`{self._text[self._at :]}` is not in the supported subset of PromQL")
            self.kind, self.word = None, ""
        else:
            self.kind, self._at = match.lastgroup, match.end()
            self.word = match[match.lastgroup or 0]
        return word

    def take(self, word: str) -> None:
        if self.word != word:
            raise ValueError(f"expected `{word}` in `{self._text}`, found `{self.word}`")
        self.step()

    def binary(self, level: int) -> Expr:
        if level == len(_LEVELS):
            return self.operand()
        left = self.binary(level + 1)
        while self.word in _LEVELS[level] and self.kind in ("name", "mark"):
            op = self.step()
            as_bool = self.word == "bool" and bool(self.step())
            on = self.names() if self.word == "on" and self.step() else None
            left = Binary(op, left, self.binary(level + 1), on, as_bool)
        return left

    def names(self) -> tuple[str, ...]:
        self.take("(")
        found = []
        while self.word != ")":
            found.append(self.step())
            if self.word == ",":
                self.step()
        self.step()
        return tuple(found)

    def operand(self) -> Expr:
        if self.kind == "number":
            return Number(Fraction(self.step()))
        if self.word == "(":
            self.step()
            inner = self.binary(0)
            self.take(")")
            return inner
        if self.kind != "name":
            raise ValueError(f"`{self.word}` is no operand in `{self._text}`")
        name = self.step()
        if name in _AGGREGATES and self.word in ("by", "("):
            by = self.names() if self.word == "by" and self.step() else None
            *parameter, inner = self.arguments()
            return Aggregate(name, inner, by, *parameter)
        return Call(name, self.arguments()) if self.word == "(" else self.vector(name)

    def arguments(self) -> tuple[Expr, ...]:
        self.take("(")
        found = []
        while self.word != ")":
            found.append(self.binary(0))
            if self.word == ",":
                self.step()
        self.step()
        return tuple(found)

    def vector(self, metric: str) -> Vector:
        matchers = []
        if self.word == "{":
            self.step()
            while self.word != "}":
                label, op = self.step(), self.step()
                if self.kind != "string":
                    raise ValueError(f"`{self.word}` is no value of `{label}` in `{self._text}`")
                matchers.append(Matcher(label, op, str(json.loads(self.step()))))
                if self.word == ",":
                    self.step()
            self.step()
        window = parse_duration(self.step()[1:-1]) if self.kind == "window" else None
        return Vector(metric, tuple(matchers), window)
