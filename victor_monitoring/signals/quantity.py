"""Quantities and conditions of a spec, such as `250ms` and `> 1GiB`: parsing, units and comparison."""

from __future__ import annotations

import operator
import re
from collections.abc import Callable
from dataclasses import dataclass, replace
from fractions import Fraction
from typing import Final, TypeAlias

from victor_monitoring.signals.units import SECONDS, UNITS, Unit

# The base unit of each suffix, and its size in that unit.
_SUFFIXES: Final[dict[str, tuple[Unit, Fraction]]] = {
    suffix: (unit, size)
    for unit in UNITS.values()
    if unit.is_base
    for suffix, size in unit.suffixes
    if suffix
}
_NUMBER = r"-?\d{1,30}(?:\.\d{1,30})?"
_QUANTITY = re.compile(rf"({_NUMBER})\s?([A-Za-zµ%°]*(?:/s)?)")
_PART = re.compile(r"(\d{1,30}(?:\.\d{1,30})?)(us|µs|ms|s|m|h|d)")
_COMPOUND = re.compile(rf"(?:{_PART.pattern}){{2,}}")

Compare: TypeAlias = Callable[[Fraction | float, Fraction | float], bool]
OPERATORS: Final[dict[str, Compare]] = {
    "<": operator.lt, "<=": operator.le, ">": operator.gt, ">=": operator.ge,
    "==": operator.eq, "!=": operator.ne,
}  # fmt: skip


# The order that equality means at the least value, and at the greatest one.
_AT_LEAST: Final = {"==": "<=", "!=": ">"}
_AT_MOST: Final = {"==": ">=", "!=": "<"}


@dataclass(frozen=True, slots=True)
class Quantity:
    """An exact amount in `unit`, None for a bare number; `text` is the spelling in the spec.

    It is parsed to a base unit, and converted to the unit of the values that it is compared with.
    """

    text: str
    value: Fraction
    unit: Unit | None

    def fits(self, unit: Unit) -> bool:
        """Return whether the amount is in `unit`; a bare number fits the units that are written bare."""
        return unit.is_bare if self.unit is None else self.unit.base == unit.base

    def in_unit(self, unit: Unit) -> Quantity:
        """Return the same amount in another unit of its dimension; unchanged if it has no unit that fits."""
        if self.unit is None or self.unit == unit or not self.fits(unit):
            return self
        return replace(self, value=self.value * self.unit.scale / unit.scale, unit=unit)


_NONE: Final = Quantity("0", Fraction(0), None)
PRESENT: Final = "present"
ABSENT: Final = "absent"


@dataclass(frozen=True, slots=True)
class Condition:
    """A comparison with a threshold; `any` is `> 0` in every unit.

    `present` and `absent` compare nothing: there is a series, or there is none.

    `order` is the operator among `<`, `<=`, `>` and `>=` that means the same: `== 0` is `<= 0` where no value
    is below 0. It is None where there is none.
    """

    op: str
    threshold: Quantity
    text: str
    order: str | None

    @property
    def is_any(self) -> bool:
        """Whether the condition was written as `any`, which fits every unit."""
        return self.text == "any"

    @property
    def is_comparison(self) -> bool:
        """Whether the condition compares values with a threshold."""
        return self.op in OPERATORS

    def fits(self, unit: Unit) -> bool:
        """Return whether the condition can be put to a signal in `unit`."""
        return self.is_any or not self.is_comparison or self.threshold.fits(unit)

    def in_unit(self, unit: Unit) -> Condition:
        """Return the condition with its threshold in the unit of the compared values."""
        return replace(self, threshold=self.threshold.in_unit(unit)) if self.is_comparison else self

    def within(self, low: Fraction | None, high: Fraction | None) -> Condition:
        """Return the condition with its `order` for values from `low` to `high`; None is unbounded."""
        value = self.threshold.value
        for end, orders in ((low, _AT_LEAST), (high, _AT_MOST)):
            if self.op in orders and value == end:
                return replace(self, order=orders[self.op])
        return self

    @property
    def high_is_bad(self) -> bool:
        """Whether the condition is met above its threshold, and only there."""
        return self.order in (">", ">=")

    def holds(self, value: Fraction) -> bool:
        """Return whether `value` meets the condition, in exact arithmetic."""
        if not self.is_comparison:
            return self.op == PRESENT
        return OPERATORS[self.op](value, self.threshold.value)

    def is_met(self, value: float) -> bool:
        """Return whether a measured value meets the condition, in floating point as in Prometheus."""
        if not self.is_comparison:
            return self.op == PRESENT
        return OPERATORS[self.op](value, float(self.threshold.value))

    def met_value(self) -> float:
        """Return a value that meets the condition; 1 where any value or none does."""
        if not self.is_comparison:
            return 1.0
        threshold = float(self.threshold.value)
        candidates = (threshold, threshold + max(abs(threshold), 1), threshold / 2, threshold - 1)
        return next(value for value in candidates if self.is_met(value))


def parse_quantity(text: str) -> Quantity:
    """Parse a quantity such as `250ms`, `5MiB/s`, `40%` or `1h30m`. Raise ValueError if invalid."""
    if _COMPOUND.fullmatch(text):
        total = sum((Fraction(n) * _SUFFIXES[suffix][1] for n, suffix in _PART.findall(text)), Fraction(0))
        return Quantity(text, total, SECONDS)
    match = _QUANTITY.fullmatch(text)
    if match is None:
        raise ValueError(f"`{text}` is not a quantity")
    digits, suffix = match.groups()
    if not suffix:
        return Quantity(text, Fraction(digits), None)
    if suffix not in _SUFFIXES:
        raise ValueError(f"`{text}` is not a quantity: `{suffix}` is no unit")
    unit, size = _SUFFIXES[suffix]
    return Quantity(text, Fraction(digits) * size, unit)


def parse_comparison(text: str) -> Condition:
    """Parse a condition that compares values, such as `== 0`. Raise ValueError if invalid."""
    condition = parse_condition(text)
    if not condition.is_comparison:
        raise ValueError(f"`{text}` is not a comparison")
    return condition


def parse_condition(text: str) -> Condition:
    """Parse a condition such as `> 1GiB`, `any` or `absent`. Raise ValueError if invalid."""
    if text == "any":
        return Condition(">", _NONE, text, ">")
    if text in (PRESENT, ABSENT):
        return Condition(text, _NONE, text, None)
    match = re.fullmatch(r"\s*(<=|>=|==|!=|<|>|=)?\s*(.*?)\s*", text, re.DOTALL)
    assert match is not None  # the pattern matches every text
    op, rest = match.groups()
    if op not in OPERATORS:
        allowed = ", ".join(f"`{each}`" for each in OPERATORS)
        problem = f"`{op}` is not allowed here" if op else "there is no comparison"
        raise ValueError(f"`{text}` is not a condition: {problem} (one of {allowed})")
    return Condition(op, parse_quantity(rest), text, None if op in _AT_LEAST else op)
