"""What components report, read with suspicion."""

from __future__ import annotations

import math
from typing import Any

import pytest

from victor_monitoring.runtime.reads import ComponentReport, InvalidReading, amount


@pytest.mark.parametrize("value", [0, 3, 2.5, 2**53])
def test_what_is_an_amount(value: float) -> None:
    """Numbers from zero up to what a float can count."""
    assert amount(value) == value
    assert isinstance(amount(value), float)


@pytest.mark.parametrize(
    "value", [None, True, "3", -1, -0.5, math.nan, math.inf, -math.inf, 2**53 + 1, 10**400, 1e300, [], {}]
)
def test_what_is_none(value: Any) -> None:
    """No number, no truth value, nothing negative or endless, nothing that would stop a counter for good."""
    assert amount(value) is None
    report = ComponentReport({"hits": value}, "stats")
    assert report.amount("hits") is None
    with pytest.raises(InvalidReading, match=r"`stats\.hits` is of the type"):
        report.judge()


def test_a_missing_key_is_normal() -> None:
    """An older version says less; nothing is noted."""
    report = ComponentReport({})
    assert (report.amount("hits"), report.truth("healthy"), list(report.part("namespaces"))) == (
        None,
        None,
        [],
    )
    report.judge()


def test_the_good_values_beside_a_bad_one_are_read() -> None:
    """A bad value in a part is told at the end, with its path."""
    report = ComponentReport({"namespaces": {"query": {"hits": 3, "misses": "x"}, "rl": None}}, "get_stats()")
    parts = report.part("namespaces")
    assert (parts.part("query").amount("hits"), parts.part("query").amount("misses")) == (3, None)
    assert len(parts.part("rl")) == 0
    with pytest.raises(InvalidReading) as caught:
        report.judge()
    assert str(caught.value) == (
        "`get_stats().namespaces.query.misses` is of the type `str`, or out of range; "
        "`get_stats().namespaces.rl` is of the type `NoneType`, or out of range"
    )


@pytest.mark.parametrize("answer", [None, "text", 3, [("hits", 1)]])
def test_an_answer_that_is_no_mapping_is_nonsense(answer: Any) -> None:
    """It reads as empty."""
    report = ComponentReport(answer, "get_stats()")
    assert report.amount("hits") is None
    with pytest.raises(InvalidReading, match=r"`get_stats\(\)` is of the type"):
        report.judge()


@pytest.mark.parametrize(
    ("value", "read"), [(True, True), (False, False), (1, None), ("yes", None), (None, None)]
)
def test_truth(value: Any, read: bool | None) -> None:
    """Only truth values are true or false."""
    report = ComponentReport({"healthy": value})
    assert report.truth("healthy") is read
    if read is None:
        with pytest.raises(InvalidReading):
            report.judge()
