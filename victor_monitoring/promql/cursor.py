"""A position in the tokens of an expression, and the versions of Prometheus that are to take it."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from contextlib import contextmanager, suppress
from fractions import Fraction
from typing import Final

from victor_monitoring.promql.duration import parse_duration
from victor_monitoring.promql.lexer import PromqlError, Token, tokens
from victor_monitoring.promql.prometheus_version import OLDEST, PrometheusVersion

_LITERALS: Final = PrometheusVersion(3, 0)
_ARITHMETIC: Final = PrometheusVersion(3, 14)
# Prometheus keeps durations in nanoseconds, in 64 bits.
_LONGEST: Final = (2**63 - 1) // 1_000_000
# A level takes three calls or so, of reading and of what is done with a tree; Python allows a thousand.
MOST_NESTED: Final = 150
_OPERATORS: Final = {"+": 1, "-": 1, "*": 2, "/": 2, "%": 2, "^": 3}


class Cursor:
    """The tokens of `text`, taken from left to right, and the oldest version that is to accept them."""

    def __init__(self, text: str, prometheus: PrometheusVersion | None) -> None:
        self.prometheus: Final = prometheus or OLDEST
        self._tokens = list(tokens(text))
        self._next = 0
        self._depth = 0

    @property
    def token(self) -> Token:
        """The next token."""
        return self._tokens[self._next]

    @property
    def following(self) -> Token:
        """The token behind the next one."""
        return self._tokens[min(self._next + 1, len(self._tokens) - 1)]

    @property
    def end(self) -> int:
        """The offset behind the last token that was taken."""
        return self._tokens[self._next - 1].end if self._next else 0

    def take(self) -> Token:
        """Return the next token and go on behind it."""
        token = self.token
        self._next = min(self._next + 1, len(self._tokens) - 1)
        return token

    def is_mark(self, *marks: str) -> bool:
        """Return whether the next token is one of these marks."""
        return self.token.kind == "mark" and self.token.text in marks

    def is_word(self, words: Collection[str]) -> bool:
        """Return whether the next token is one of these keywords, in any case of letters."""
        return self.token.kind == "word" and self.token.text.lower() in words

    def skip(self, *marks: str) -> bool:
        """Go on behind the next token if it is one of these marks, and return whether it was."""
        found = self.is_mark(*marks)
        if found:
            self.take()
        return found

    def expect(self, mark: str, after: str) -> Token:
        """Take a mark; raise PromqlError if another token follows."""
        if not self.is_mark(mark):
            raise self.unexpected(f"`{mark}` after {after}", f"add `{mark}`")
        return self.take()

    @contextmanager
    def nested(self) -> Iterator[None]:
        """Count a level of nesting until the block ends; raise PromqlError where there are too many."""
        self._depth += 1
        if self._depth > MOST_NESTED:
            raise self.too_deep()
        yield
        self._depth -= 1

    def too_deep(self) -> PromqlError:
        """Return the error that the expression has too many levels."""
        message = f"more than {MOST_NESTED} levels of nesting"
        return PromqlError(message, self.token.visible, "record a part of the expression")

    def comma(self, closing: str, after: str) -> None:
        """Take a comma unless the mark that ends the list follows; raise PromqlError for another token."""
        if not self.is_mark(closing) and not self.skip(","):
            raise self.unexpected(f"`,` or `{closing}` after {after}", f"add `{closing}`")

    def unexpected(self, wanted: str, hint: str) -> PromqlError:
        """Return the error that something else is wanted at the next token."""
        return PromqlError(f"expected {wanted}, found {self.token}", self.token.visible, hint)

    def since(self, version: PrometheusVersion, token: Token, what: str, instead: str) -> None:
        """Raise PromqlError if the oldest version is before `version`, which is the first to take `what`.

        `instead` is the edit that earlier versions take, too.
        """
        if self.prometheus < version:
            message = f"Prometheus takes {what} from {version} on"
            hint = f'{instead}, or set `service.prometheus: "{version}"`'
            raise PromqlError(message, token.span, hint)

    def duration(self, *, signed: bool = False) -> int:
        """Take a duration, with arithmetic, and return its milliseconds; `signed` is that of an offset."""
        first = self.token
        value = self._offset() if signed else self._sum(1)
        milliseconds = round(value * 1000)
        here = (first.start, max(self.end, first.end))
        if not signed and milliseconds <= 0:
            raise PromqlError(
                "a duration must be greater than 0", here, "give the window or the step a length"
            )
        if signed and not milliseconds and self.prometheus < _LITERALS:
            raise PromqlError(f"Prometheus before {_LITERALS} takes no offset of 0", here, "leave it out")
        if abs(milliseconds) > _LONGEST:
            raise PromqlError("the duration is too long", here, "Prometheus' longest has 292 years")
        return milliseconds

    def _offset(self) -> Fraction:
        """Return the seconds of an offset; with two signs or a parenthesis in front it takes operators."""
        begin = (self.token, self.following)
        has_two_signs = all(each.kind == "mark" and each.text in ("-", "+") for each in begin)
        return self._sum(1) if has_two_signs or self.is_mark("(") else self._operand(is_offset=True)

    def _sum(self, least: int) -> Fraction:
        """Return the seconds of a duration whose operators bind at least `least`."""
        found = self._operand()
        while self.token.kind == "mark" and _OPERATORS.get(self.token.text, 0) >= least:
            operator = self.take()
            self.since(_ARITHMETIC, operator, "arithmetic in durations", "write the result")
            binds = _OPERATORS[operator.text]
            found = _applied(operator, found, self._sum(binds if operator.text == "^" else binds + 1))
        return found

    def _operand(self, *, is_offset: bool = False) -> Fraction:
        token = self.token
        if self.is_mark("-", "+"):
            self.take()
            if not is_offset or token.text == "+" or self.is_mark("("):
                self.since(_ARITHMETIC, token, "a sign in a duration", "leave it out")
            with self.nested():
                value = self._operand() if is_offset else self._sum(_OPERATORS["^"])
            return -value if token.text == "-" else value
        if self.is_mark("("):
            self.since(_ARITHMETIC, self.take(), "arithmetic in durations", "write the result")
            with self.nested():
                value = self._sum(1)
            self.expect(")", "a duration")
            return value
        if token.kind == "word" and token.text.lower() in ("step", "range"):
            message = f"`{token.text}()` depends on the query, and a rule has none"
            raise PromqlError(message, token.span, "write a duration: `5m`")
        if token.kind not in ("duration", "number"):
            raise self.unexpected("a duration", "a duration is a number with a unit: `5m`, `1h30m`")
        self.take()
        if token.kind == "number":
            self.since(_LITERALS, token, "a number as a duration", "give it a unit, as in `5m`")
        return _value(token)

    def number(self) -> Fraction:
        """Take a number, or a duration as its seconds, and return the value."""
        token = self.take()
        if token.kind == "duration":
            self.since(_LITERALS, token, "a duration as a number", "write the seconds")
        if "_" in token.text:
            self.since(_LITERALS, token, "`_` in a number", "leave it out")
        return _value(token)


def _value(token: Token) -> Fraction:
    """Return the value of a number or the seconds of a duration; PromqlError if there is none."""
    if token.kind == "number":
        return _number(token)
    try:
        return Fraction(parse_duration(token.text), 1000)
    except ValueError:
        message = f"`{token.text}` is no duration"
        raise PromqlError(message, token.span, "units descend, each once: `1h30m`") from None


def _number(token: Token) -> Fraction:
    """Return the value of a number; PromqlError if it is too large."""
    digits = token.text.replace("_", "").lower()
    if digits.startswith("0x"):
        return Fraction(int(digits, 16))
    if digits.isdigit() and digits.startswith("0") and not set(digits) & {"8", "9"}:
        return Fraction(int(digits, 8))
    mantissa, _, exponent = digits.partition("e")
    if abs(int(exponent or 0)) > 400 or abs(found := Fraction(digits)) >= 2**1024 - 2**970:
        if Fraction(mantissa) == 0 or exponent.startswith("-"):
            return Fraction(0)
        raise PromqlError(
            f"`{token.text}` is out of range", token.span, "the largest number is about 1.8e308"
        )
    return found


def _applied(operator: Token, left: Fraction, right: Fraction) -> Fraction:
    match operator.text:
        case "+":
            return left + right
        case "-":
            return left - right
        case "*":
            return left * right
        case "^":
            with suppress(OverflowError):
                if left > 0:
                    return Fraction(float(left) ** float(right))
        case _ if right:
            return left / right if operator.text == "/" else left - right * int(left / right)
    raise PromqlError("the duration has no value", operator.span, "write the duration itself: `5m`")
