"""The reader of PromQL: text to tree, each node with its position.

It takes what Prometheus 2.42 and 3.14 take without feature flags, except durations that depend on the query.
What only later versions take is refused unless the version that runs is known.
"""

from __future__ import annotations

import math
from dataclasses import replace
from typing import Final, Literal

from victor_monitoring.promql.cursor import MOST_NESTED, Cursor
from victor_monitoring.promql.grammar import (
    AGGREGATIONS,
    ALWAYS_KEYWORDS,
    NAME,
    NUMBER_WORDS,
    POWER,
    PRECEDENCE,
    SIGN,
    TRIMS,
)
from victor_monitoring.promql.lexer import PromqlError, Token, unquoted
from victor_monitoring.promql.prometheus_version import PrometheusVersion
from victor_monitoring.promql.regular_expressions import pattern_fault
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
    depth,
)
from victor_monitoring.promql.types import faults

_UTF8: Final = PrometheusVersion(3, 0)
_TRIMS: Final = PrometheusVersion(3, 14)
_GROUPING: Final = ("by", "without")
_MATCHING: Final = ("on", "ignoring")
_GROUPS: Final[dict[str, Literal["left", "right"]]] = {"group_left": "left", "group_right": "right"}
_FOREIGN: Final = {
    "=": 'compare with `==`; a matcher needs braces: `{job="x"}`',
    "=~": 'a matcher needs braces: `{job=~"x"}`',
    "!~": 'a matcher needs braces: `{job!~"x"}`',
}


def read(text: str, prometheus: PrometheusVersion | None = None) -> Expr:
    """Return the tree of a PromQL expression, as the version that runs takes it, or as all do without one.

    Raise PromqlError for the first mistake, also where Prometheus refuses the types of an operand.
    """
    reader = _Reader(Cursor(text, prometheus))
    expr = reader.expression()
    rest = reader.cursor.token
    if rest.kind != "end":
        hint = _FOREIGN.get(rest.text, "join expressions by an operator")
        raise reader.cursor.unexpected("an operator or the end", hint)
    if depth(expr) > MOST_NESTED:  # operators in a row nest to the left
        raise reader.cursor.too_deep()
    for fault in faults(expr, prometheus):
        raise fault
    return expr


class _Reader:
    def __init__(self, cursor: Cursor) -> None:
        self.cursor: Final = cursor

    def expression(self, least: int = 1) -> Expr:
        """Read an expression whose operators bind at least `least`."""
        with self.cursor.nested():
            found = self._operand()
            while (binds := PRECEDENCE.get(self._operator(), 0)) >= least:
                operator = self.cursor.take()
                node = self._modified(operator)
                right = self.expression(binds if binds == POWER else binds + 1)
                found = replace(node, left=found, right=right)
        return found

    def _operator(self) -> str:
        """Return the binary operator that follows, or a text that is none."""
        token = self.cursor.token
        return token.text.lower() if token.kind in ("mark", "word") else ""

    def _modified(self, operator: Token) -> Binary:
        """Read the modifiers of an operator; its operands are not known yet."""
        cursor = self.cursor
        if operator.text in TRIMS:
            cursor.since(_TRIMS, operator, f"`{operator.text}`", "use other operators")
        none = Text("")
        node = Binary(operator.text.lower(), none, none, span=operator.span)
        if cursor.is_word({"bool"}):
            cursor.take()
            node = replace(node, as_bool=True)
        if not cursor.is_word(_MATCHING):
            return node
        which = cursor.take()
        labels = self._labels(which)
        is_on = which.text.lower() == "on"
        node = replace(node, on=labels if is_on else None, ignoring=None if is_on else labels)
        if cursor.is_word(_GROUPS):
            side = cursor.take()
            include = self._labels(side) if cursor.is_mark("(") else ()
            node = replace(node, many=_GROUPS[side.text.lower()], include=include)
        return node

    def _operand(self) -> Expr:
        if self.cursor.is_mark("-", "+"):
            sign = self.cursor.take()
            inner = self.expression(SIGN + 1)
            here = (sign.start, self.cursor.end)
            if isinstance(inner, Number) and not (inner.value == 0 and sign.text == "-"):
                is_kept = sign.text == "+" or math.isnan(inner.value)
                return Number(inner.value if is_kept else -inner.value, span=here)
            return Unary("-" if sign.text == "-" else "+", inner, span=here)
        is_wrapped = self.cursor.is_mark("(")
        start = self.cursor.token.start
        return self._moved(self._primary(), start, is_wrapped=is_wrapped)

    def _primary(self) -> Expr:
        token = self.cursor.token
        if token.kind in ("number", "duration"):
            return Number(self.cursor.number(), span=token.span)
        if token.kind == "string":
            self.cursor.take()
            return Text(unquoted(token), span=token.span)
        if self.cursor.skip("("):
            inner = self.expression()
            self.cursor.expect(")", "the expression in parentheses")
            return inner
        if token.kind in ("word", "name") or self.cursor.is_mark("{"):
            return self._named(token)
        raise self.cursor.unexpected(
            "an expression", "write a metric, a number, a function or an aggregation"
        )

    def _named(self, token: Token) -> Expr:
        word = token.text.lower() if token.kind == "word" else ""
        if word in NUMBER_WORDS:
            self.cursor.take()
            return Number(math.nan if word == "nan" else math.inf, span=token.span)
        follows = self.cursor.following
        is_called = follows.kind == "mark" and follows.text == "("
        is_grouped = follows.kind == "word" and follows.text.lower() in _GROUPING
        if word in AGGREGATIONS and (is_called or is_grouped):
            return self._aggregation(self.cursor.take())
        if is_called and token.kind == "word":
            self.cursor.take()
            arguments = self._arguments()
            return Call(token.text, tuple(arguments), span=(token.start, self.cursor.end))
        if word in ALWAYS_KEYWORDS:
            raise self.cursor.unexpected(
                "an expression", f"`{token.text}` is a keyword, and no metric's name"
            )
        return self._selector()

    def _arguments(self) -> list[Expr]:
        """Read arguments in parentheses."""
        self.cursor.expect("(", "the name")
        found: list[Expr] = []
        while not self.cursor.is_mark(")"):
            found.append(self.expression())
            is_last = self.cursor.is_mark(")")
            self.cursor.comma(")", "an argument")
            if not is_last and self.cursor.is_mark(")"):
                raise self.cursor.unexpected("an argument", "leave the last comma out")
        self.cursor.take()
        return found

    def _aggregation(self, op: Token) -> Aggregate:
        name = op.text.lower()
        by, without = self._grouping()
        first = self.cursor.token
        arguments = self._arguments()
        if by is None and without is None:
            by, without = self._grouping()
        wanted = AGGREGATIONS[name] + 1
        if len(arguments) != wanted:
            message = f"`{name}` takes {wanted} argument{'s' * (wanted > 1)}, found {len(arguments)}"
            hint = "give its parameter, and then the vector" if wanted > 1 else "aggregate one vector"
            raise PromqlError(message, (op.start, max(first.end, op.end)), hint)
        parameter = arguments[0] if wanted > 1 else None
        span = (op.start, self.cursor.end)
        return Aggregate(name, arguments[-1], by, parameter, without, span=span)

    def _grouping(self) -> tuple[tuple[str, ...] | None, tuple[str, ...] | None]:
        """Read a clause `by` or `without`, if there is one."""
        if not self.cursor.is_word(_GROUPING):
            return None, None
        clause = self.cursor.take()
        labels = self._labels(clause)
        return (labels, None) if clause.text.lower() == "by" else (None, labels)

    def _labels(self, clause: Token) -> tuple[str, ...]:
        """Read names of labels in parentheses."""
        self.cursor.expect("(", f"`{clause.text}`")
        found: list[str] = []
        while not self.cursor.is_mark(")"):
            found.append(self._label("a label in the clause"))
            self.cursor.comma(")", "a label")
        self.cursor.take()
        return tuple(found)

    def _label(self, what: str) -> str:
        token = self.cursor.token
        is_number = token.kind == "word" and token.text.lower() in NUMBER_WORDS and what.endswith("clause")
        if token.kind == "word" and not is_number:
            return self.cursor.take().text
        if token.kind == "string" or (token.kind == "name" and what.endswith("clause")):
            self.cursor.since(
                _UTF8, self.cursor.take(), "any text as a name", "name it by letters, digits and `_`"
            )
            return unquoted(token) if token.kind == "string" else token.text
        raise self.cursor.unexpected(what, "a label has letters, digits and `_`")

    def _selector(self) -> Vector:
        cursor, first = self.cursor, self.cursor.token
        metric = "" if cursor.is_mark("{") else cursor.take().text
        matchers: list[Matcher] = []
        quoted: list[Matcher] = []
        if cursor.skip("{"):
            while not cursor.is_mark("}"):
                (quoted if self._is_name() else matchers).append(self._matcher())
                cursor.comma("}", "a matcher")
            cursor.take()
        if len(quoted) == 1 and not metric:
            metric, quoted = quoted[0].value, []
        for each in (*quoted, *matchers):
            if metric and each.label == NAME:
                message = f"the metric has two names, `{metric}` and `{each.value}`"
                raise PromqlError(message, each.span or first.span, "leave one of them out")
        return Vector(metric, (*quoted, *matchers), span=(first.start, cursor.end))

    def _is_name(self) -> bool:
        """Return whether a quoted name of the metric follows instead of a matcher."""
        follows = self.cursor.following
        return self.cursor.token.kind == "string" and follows.kind == "mark" and follows.text in (",", "}")

    def _matcher(self) -> Matcher:
        cursor, first = self.cursor, self.cursor.token
        if self._is_name():
            cursor.since(_UTF8, cursor.take(), "a metric's name in braces", "write it in front of them")
            return Matcher(NAME, "=", unquoted(first), span=first.span)
        label = self._label("a label or `}`")
        if not cursor.is_mark("=", "!=", "=~", "!~"):
            raise cursor.unexpected(
                f"`=`, `!=`, `=~` or `!~` after `{label}`", 'a matcher is `label="value"`'
            )
        op = cursor.take()
        if cursor.token.kind != "string":
            raise cursor.unexpected("a quoted value", f'quote it: `{label}{op.text}"..."`')
        value = cursor.take()
        pattern = unquoted(value)
        if op.text in ("=~", "!~") and (fault := pattern_fault(pattern)):
            raise PromqlError(fault[0], (value.start + 1, value.end - 1), fault[1])
        return Matcher(label, op.text, pattern, span=(first.start, value.end))

    def _moved(self, found: Expr, start: int, *, is_wrapped: bool) -> Expr:
        """Read what follows an operand: a window, a subquery, `offset` and `@`."""
        cursor = self.cursor
        set_already: set[str] = set()
        while cursor.is_mark("[", "@") or cursor.is_word({"offset"}):
            modifier = cursor.token
            if cursor.is_mark("["):
                can_have_window = isinstance(found, Vector) and found.window is None and not is_wrapped
                found = self._window(found, can_have_window=can_have_window, is_moved=bool(set_already))
                is_wrapped, set_already = False, set()
            elif is_wrapped or not isinstance(found, Vector | Subquery):
                message = f"`{modifier.text}` must follow a selector or a subquery"
                raise PromqlError(message, modifier.span, "move it into the parentheses, behind the selector")
            elif modifier.text in set_already:
                raise PromqlError(f"a second `{modifier.text}`", modifier.span, "leave one of them out")
            else:
                set_already.add(modifier.text)
                found = self._in_time(found)
            found = replace(found, span=(start, cursor.end))
        return found

    def _in_time(self, found: Vector | Subquery) -> Vector | Subquery:
        if self.cursor.take().text != "@":
            return replace(found, offset=self.cursor.duration(signed=True))
        return replace(found, at=self._instant())

    def _window(self, found: Expr, *, can_have_window: bool, is_moved: bool) -> Expr:
        bracket = self.cursor.take()
        window = self.cursor.duration()
        if self.cursor.skip(":"):
            step = None if self.cursor.is_mark("]") else self.cursor.duration()
            self.cursor.expect("]", "the step")
            return Subquery(found, window, step)
        self.cursor.expect("]", "the window")
        here = (bracket.start, self.cursor.end)
        if not can_have_window or not isinstance(found, Vector):
            raise PromqlError("only a selector can have a window", here, "make it a subquery: `[5m:]`")
        if is_moved:
            raise PromqlError("`offset` and `@` follow the window", here, "move the window before them")
        return replace(found, window=window)

    def _instant(self) -> Instant:
        """Read the time of an `@` modifier."""
        cursor = self.cursor
        if cursor.is_word({"start", "end"}):
            word = cursor.take().text.lower()
            cursor.expect("(", f"`{word}`")
            cursor.expect(")", "`(`")
            return "start" if word == "start" else "end"
        sign = -1 if cursor.is_mark("-") else 1
        cursor.skip("-", "+")
        token = cursor.token
        if token.kind not in ("number", "duration"):
            raise cursor.unexpected("a time behind `@`", "give seconds since 1970, `start()` or `end()`")
        at = sign * cursor.number() * 1000
        if abs(at) >= 2**63:
            raise PromqlError("the time is out of range", token.span, "give seconds since 1970")
        return round(at)
