"""Quantities and conditions of a spec, such as `250ms` and `> 1GiB`: parsing, units and comparison."""

from __future__ import annotations

import operator
import re
from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from typing import Final, Literal, TypeAlias, get_args


class TextError(ValueError):
    """A text of the spec that cannot be parsed: the message, the range (start, end) and the hint."""

    def __init__(self, message: str, part: tuple[int, int], hint: str) -> None:
        super().__init__(message)
        self.message, self.part, self.hint = message, part, hint


Unit: TypeAlias = Literal["ratio", "seconds", "bytes", "count", "per_second", "bytes_per_second", "score"]
UNITS: Final[tuple[Unit, ...]] = get_args(Unit)

# Exponents of (seconds, bytes); units with equal exponents have the same dimension.
DIMENSIONS: Final[dict[Unit, tuple[int, int]]] = {
    "ratio": (0, 0), "count": (0, 0), "score": (0, 0), "seconds": (1, 0), "bytes": (0, 1),
    "per_second": (-1, 0), "bytes_per_second": (-1, 1),
}  # fmt: skip
BARE_UNITS: Final = ("count", "score")
EXAMPLES: Final[dict[Unit, str]] = {
    "ratio": "40%", "seconds": "250ms", "bytes": "2GiB", "count": "100", "per_second": "10/s",
    "bytes_per_second": "5MiB/s", "score": "70",
}  # fmt: skip

# How a quantity in a unit is written at its simplest: the factor from the base unit, and the suffix.
_SPELLINGS: Final[dict[Unit, tuple[int, str]]] = {
    "ratio": (100, "%"), "seconds": (1, "s"), "bytes": (1, "B"), "count": (1, ""), "per_second": (1, "/s"),
    "bytes_per_second": (1, "B/s"), "score": (1, ""),
}  # fmt: skip

_SECONDS = {
    "us": Fraction(1, 10**6), "µs": Fraction(1, 10**6), "ms": Fraction(1, 1000), "s": Fraction(1),
    "m": Fraction(60), "h": Fraction(3600), "d": Fraction(86400),
}  # fmt: skip
_BYTES = {
    "B": 1, "kB": 10**3, "KB": 10**3, "MB": 10**6, "GB": 10**9, "TB": 10**12,
    "KiB": 2**10, "MiB": 2**20, "GiB": 2**30, "TiB": 2**40,
}  # fmt: skip
_NUMBER = r"-?\d{1,30}(?:\.\d{1,30})?"
_QUANTITY = re.compile(rf"({_NUMBER})\s?([A-Za-zµ%]*)(/s)?")
_PART = re.compile(r"(\d{1,30}(?:\.\d{1,30})?)(us|µs|ms|s|m|h|d)")
_COMPOUND = re.compile(rf"(?:{_PART.pattern}){{2,}}")

Compare: TypeAlias = Callable[[Fraction | float, Fraction | float], bool]
OPERATORS: Final[dict[str, Compare]] = {
    "<": operator.lt, "<=": operator.le, ">": operator.gt, ">=": operator.ge,
    "==": operator.eq, "!=": operator.ne,
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Quantity:
    """An exact amount in base units; `unit` is None for a bare number, `text` is the spelling in the spec."""

    text: str
    value: Fraction
    unit: Unit | None

    def fits(self, unit: Unit) -> bool:
        """Return whether the amount is in `unit`; a bare number fits the units that are written bare."""
        return self.unit == unit or (self.unit is None and unit in BARE_UNITS)


@dataclass(frozen=True, slots=True)
class Condition:
    """A comparison with a threshold; `any` is `> 0` in every unit."""

    op: str
    threshold: Quantity
    text: str

    @property
    def is_any(self) -> bool:
        """Whether the condition was written as `any`, which fits every unit."""
        return self.text == "any"

    def fits(self, unit: Unit) -> bool:
        """Return whether the condition can be put to a signal in `unit`."""
        return self.is_any or self.threshold.fits(unit)

    @property
    def high_is_bad(self) -> bool:
        """Whether the condition is met above its threshold."""
        return self.op in (">", ">=")

    def holds(self, value: Fraction) -> bool:
        """Return whether `value` meets the condition, in exact arithmetic."""
        return OPERATORS[self.op](value, self.threshold.value)

    def is_met(self, value: float) -> bool:
        """Return whether a measured value meets the condition, in floating point as in Prometheus."""
        return OPERATORS[self.op](value, float(self.threshold.value))


def parse_quantity(text: str) -> Quantity:
    """Parse a quantity such as `250ms`, `5MiB/s`, `40%` or `1h30m`. Raise ValueError if invalid."""
    if _COMPOUND.fullmatch(text):
        total = sum((Fraction(n) * _SECONDS[unit] for n, unit in _PART.findall(text)), Fraction(0))
        return Quantity(text, total, "seconds")
    match = _QUANTITY.fullmatch(text)
    if match is None:
        raise ValueError(f"`{text}` is not a quantity")
    digits, suffix, per = match.groups()
    value = Fraction(digits)
    if suffix == "" and per:
        return Quantity(text, value, "per_second")
    if suffix in _BYTES:
        return Quantity(text, value * _BYTES[suffix], "bytes_per_second" if per else "bytes")
    if per:
        raise ValueError(f"`{text}` is not a quantity: `{suffix}/s` is no unit")
    if suffix == "":
        return Quantity(text, value, None)
    if suffix == "%":
        return Quantity(text, value / 100, "ratio")
    if suffix in _SECONDS:
        return Quantity(text, value * _SECONDS[suffix], "seconds")
    raise ValueError(f"`{text}` is not a quantity: `{suffix}` is no unit")


def quantity_text(value: Fraction, unit: Unit) -> str:
    """Return a spelling of the quantity that `parse_quantity` reads, exact if it has a finite decimal."""
    factor, suffix = _SPELLINGS[unit]
    scaled = value * factor
    digits = format(Decimal(scaled.numerator) / Decimal(scaled.denominator), "f")
    return f"{digits}{suffix}"


def parse_condition(text: str, operators: tuple[str, ...] = ("<", "<=", ">", ">=")) -> Condition:
    """Parse a condition such as `> 1GiB` or `any`. Raise ValueError if invalid."""
    if text == "any":
        return Condition(">", Quantity("0", Fraction(0), None), text)
    match = re.fullmatch(r"\s*(<=|>=|==|!=|<|>|=)?\s*(.*?)\s*", text, re.DOTALL)
    assert match is not None  # the pattern matches every text
    op, rest = match.groups()
    if op not in operators:
        allowed = ", ".join(f"`{each}`" for each in operators)
        problem = f"`{op}` is not allowed here" if op else "there is no comparison"
        raise ValueError(f"`{text}` is not a condition: {problem} (one of {allowed})")
    return Condition(op, parse_quantity(rest), text)
