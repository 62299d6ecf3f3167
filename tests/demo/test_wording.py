"""Values as texts."""

from __future__ import annotations

import pytest

from victor_monitoring.demo.serving.summary import value_text


@pytest.mark.parametrize(
    ("value", "unit", "text"),
    [
        (0.4123, "ratio", "41.2%"),
        (1, "ratio", "100.0%"),
        (0, "seconds", "0 s"),
        (0.00045, "seconds", "0.45 ms"),
        (1.5, "seconds", "1.5 s"),
        (100, "seconds", "100 s"),
        (600, "seconds", "10.0 m"),
        (90_000, "seconds", "25.0 h"),
        (5 * 86_400, "seconds", "5.0 d"),
        (0, "bytes", "0 B"),
        (420 * 2**20, "bytes", "420 MiB"),
        (1.25 * 2**30, "bytes", "1.25 GiB"),
        (2**60, "bytes", "1048576 TiB"),
        (5 * 2**20, "bytes_per_second", "5 MiB/s"),
        (12.44, "per_second", "12.4/s"),
        (3, "count", "3"),
        (1234.5, "count", "1234"),
        (82.63, "score", "82.6"),
    ],
)
def test_a_value_has_its_unit_and_three_digits(value, unit, text):
    """Large numbers have no decimals."""
    assert value_text(value, unit) == text
