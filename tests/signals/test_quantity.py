"""Durations, quantities and conditions are read exactly."""

from __future__ import annotations

import datetime
from fractions import Fraction

import promql_parser
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from victor_monitoring.promql.duration import duration_text, parse_duration
from victor_monitoring.signals.quantity import parse_condition, parse_quantity
from victor_monitoring.signals.units import UNITS, Unit

DECIMALS = st.from_regex(r"-?[0-9]{1,12}(\.[0-9]{1,12})?", fullmatch=True)
SUFFIXES = {
    "": (Fraction(1), None),
    "%": (Fraction(1, 100), "ratio"),
    "/s": (Fraction(1), "per_second"),
    "us": (Fraction(1, 10**6), "seconds"),
    "µs": (Fraction(1, 10**6), "seconds"),
    "ms": (Fraction(1, 1000), "seconds"),
    "s": (Fraction(1), "seconds"),
    "m": (Fraction(60), "seconds"),
    "h": (Fraction(3600), "seconds"),
    "d": (Fraction(86400), "seconds"),
    "B": (Fraction(1), "bytes"),
    "kB": (Fraction(1000), "bytes"),
    "MB": (Fraction(10**6), "bytes"),
    "GB": (Fraction(10**9), "bytes"),
    "TB": (Fraction(10**12), "bytes"),
    "KiB": (Fraction(1024), "bytes"),
    "MiB": (Fraction(1024**2), "bytes"),
    "GiB": (Fraction(1024**3), "bytes"),
    "TiB": (Fraction(1024**4), "bytes"),
    "MiB/s": (Fraction(1024**2), "bytes_per_second"),
    "GB/s": (Fraction(10**9), "bytes_per_second"),
}


@given(DECIMALS, st.sampled_from(sorted(SUFFIXES)), st.sampled_from(["", " "]))
@settings(max_examples=200)
def test_a_quantity_is_its_decimal_times_its_unit(digits, suffix, space):
    """No digit is lost, in any unit, with a space before the unit or without."""
    factor, unit = SUFFIXES[suffix]
    text = digits + (space if suffix else "") + suffix
    quantity = parse_quantity(text)
    named = quantity.unit and quantity.unit.name
    assert (quantity.value, named, quantity.text) == (Fraction(digits) * factor, unit, text)


def test_compound_times_add_up():
    """Times may be written in several units."""
    assert parse_quantity("1h30m").value == 5400
    assert parse_quantity("1m0.5s").value == Fraction(121, 2)


@pytest.mark.parametrize(
    "text",
    ["", " ", "%", "five", "1e3", "1_000", "0x10", "1,000", "--5", "+5", "5 %%", ".5", "5.", "5k", "5gb",
     "5Gb", "5%/s", "5s/s", "5/m", "5 s s", "∞", "nan", "1h-30m", "min(1, x)", "1" * 31],
)  # fmt: skip
def test_an_invalid_quantity_is_named_in_the_error(text):
    """An error quotes the text as it was written."""
    with pytest.raises(ValueError, match="is not a quantity") as error:
        parse_quantity(text)
    assert f"`{text}`" in str(error.value)


@pytest.mark.parametrize("name", UNITS)
def test_a_bare_number_fits_units_without_a_symbol_only(name):
    """A number without a unit is refused where the unit has a symbol; a degree may be left out."""
    assert parse_quantity("80").fits(UNITS[name]) is (name in {"count", "score", "celsius"})
    assert parse_quantity("80%").fits(UNITS[name]) is (name in {"ratio", "percent"})


@given(st.integers(0, 10**14))
@settings(max_examples=200)
def test_a_duration_survives_printing(milliseconds):
    """A printed duration is read as the same milliseconds, here and by promql-parser."""
    printed = duration_text(milliseconds)
    assert parse_duration(printed) == milliseconds
    if milliseconds:
        assert promql_parser.parse_duration(printed) == datetime.timedelta(milliseconds=milliseconds)


@pytest.mark.parametrize(
    ("milliseconds", "printed"),
    [(0, "0s"), (250, "250ms"), (90_000, "1m30s"), (300_000, "5m"), (86_400_000, "1d"),
     (7 * 86_400_000, "1w"), (8 * 86_400_000, "8d"), (365 * 86_400_000, "1y"), (3_600_001, "1h1ms")],
)  # fmt: skip
def test_a_duration_is_printed_as_prometheus_prints_it(milliseconds, printed):
    """The largest units come first; weeks and years are used only if exact."""
    assert duration_text(milliseconds) == printed


@pytest.mark.parametrize(
    "text", ["", "5", "m", "5 m", "5m ", "1.5h", "5 minutes", "5s5m", "-5m", "5M", "5m\n", "1m1m"]
)
def test_an_invalid_duration_is_named_in_the_error(text):
    """A duration has whole numbers and units from large to small, each once; else the error quotes it."""
    with pytest.raises(ValueError, match="is not a duration") as error:
        parse_duration(text)
    assert f"`{text}`" in str(error.value)


@pytest.mark.parametrize(
    ("text", "meets", "fails"),
    [
        ("> 5", 6, 5),
        (">= 5", 5, 4),
        ("< 5", 4, 5),
        ("<= 5", 5, 6),
        (">5", 6, 5),
        ("any", 1, 0),
        (" >  5 ", 6, 5),
    ],
)
def test_a_condition_holds_on_one_side_of_its_threshold(text, meets, fails):
    """A condition compares as written; `any` is `> 0`."""
    condition = parse_condition(text)
    assert condition.holds(Fraction(meets))
    assert not condition.holds(Fraction(fails))
    assert condition.high_is_bad is (meets > fails)


@pytest.mark.parametrize(
    ("text", "low", "high", "order"),
    [
        ("== 0", 0, None, "<="),
        ("== 1", 0, 1, ">="),
        ("!= 0", 0, 1, ">"),
        ("!= 1", 0, 1, "<"),
        ("== 0", None, None, None),
        ("!= 3", 0, 5, None),
        ("> 5", 0, 5, ">"),
    ],
)
def test_equality_has_an_order_at_the_ends_of_a_range(text, low, high, order):
    """Where no value is below 0, a value equals 0 or is at most 0 in the same cases."""
    condition = parse_condition(text).within(low, high)
    assert (condition.order, condition.text) == (order, text)
    for value in range(-2 if low is None else low, (high or 5) + 1):
        if order is not None:
            other = parse_condition(f"{order} {text.split()[1]}")
            assert condition.holds(Fraction(value)) == other.holds(Fraction(value))


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("5", "there is no comparison"),
        ("", "there is no comparison"),
        ("= 5", "`=` is not allowed here"),
        ("> ", "`` is not a quantity"),
        ("> five", "`five` is not a quantity"),
        ("Any", "there is no comparison"),
    ],
)
def test_an_invalid_condition_is_explained(text, told):
    """An error names the wrong half of the condition."""
    with pytest.raises(ValueError, match="is not a") as error:
        parse_condition(text)
    assert told in str(error.value)


@given(st.text(max_size=12) | st.text("<>=!0123456789.%msGiBany/ -", max_size=10))
@settings(max_examples=300)
def test_any_text_is_read_or_refused(text):
    """Any text is parsed, or refused with a ValueError."""
    for parse in (parse_quantity, parse_condition, parse_duration):
        message = "`"
        try:
            parse(text)
        except ValueError as error:
            message = str(error)
        assert "`" in message


@pytest.mark.parametrize("unit", [each for each in UNITS.values() if not each.is_moment], ids=str)
@given(value=st.fractions(min_value=0, max_value=10**12, max_denominator=1).map(lambda whole: whole / 10**6))
def test_a_spelling_is_read_as_the_same_quantity(unit: Unit, value: Fraction) -> None:
    """The suggested spelling of a quantity has its value, and fits its unit."""
    quantity = parse_quantity(unit.quantity(value))
    assert quantity.fits(unit)
    assert quantity.in_unit(unit).value == value
