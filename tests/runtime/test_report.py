"""The validation of reports from components."""

from __future__ import annotations

import math
from typing import Any

import pytest

from victor_monitoring.runtime.reads import ComponentReport, InvalidReading, amount


@pytest.mark.parametrize("value", [0, 3, 2.5, 2**53])
def test_valid_amounts(value: float) -> None:
    """An amount is a number from 0 to 2^53."""
    assert amount(value) == value
    assert isinstance(amount(value), float)


@pytest.mark.parametrize(
    "value", [None, True, "3", -1, -0.5, math.nan, math.inf, -math.inf, 2**53 + 1, 10**400, 1e300, [], {}]
)
def test_invalid_amounts(value: Any) -> None:
    """Other types, bools, negative, infinite and too large numbers are no amounts."""
    assert amount(value) is None
    report = ComponentReport({"hits": value}, "stats")
    assert report.amount("hits") is None
    with pytest.raises(InvalidReading, match=r"`stats\.hits` is of the type"):
        report.raise_if_invalid()


def test_a_missing_key_is_normal() -> None:
    """A missing key, as from an older version, is no error."""
    report = ComponentReport({})
    assert (report.amount("hits"), report.boolean("healthy"), list(report.part("namespaces"))) == (
        None,
        None,
        [],
    )
    report.raise_if_invalid()


def test_valid_values_next_to_an_invalid_one_are_read() -> None:
    """An invalid value in a part is raised at the end, with its path."""
    report = ComponentReport({"namespaces": {"query": {"hits": 3, "misses": "x"}, "rl": None}}, "get_stats()")
    parts = report.part("namespaces")
    assert (parts.part("query").amount("hits"), parts.part("query").amount("misses")) == (3, None)
    assert len(parts.part("rl")) == 0
    with pytest.raises(InvalidReading) as caught:
        report.raise_if_invalid()
    assert str(caught.value) == (
        "`get_stats().namespaces.query.misses` is of the type `str`, or out of range; "
        "`get_stats().namespaces.rl` is of the type `NoneType`, or out of range"
    )


@pytest.mark.parametrize("answer", [None, "text", 3, [("hits", 1)]])
def test_an_answer_that_is_no_mapping_is_nonsense(answer: Any) -> None:
    """An answer that is no mapping is read as empty and raises at the end."""
    report = ComponentReport(answer, "get_stats()")
    assert report.amount("hits") is None
    with pytest.raises(InvalidReading, match=r"`get_stats\(\)` is of the type"):
        report.raise_if_invalid()


@pytest.mark.parametrize(
    ("value", "read"), [(True, True), (False, False), (1, None), ("yes", None), (None, None)]
)
def test_boolean(value: Any, read: bool | None) -> None:
    """Only bools are accepted as truth values."""
    report = ComponentReport({"healthy": value})
    assert report.boolean("healthy") is read
    if read is None:
        with pytest.raises(InvalidReading):
            report.raise_if_invalid()
