"""The samples of a series in a window, and its value at an instant."""

from __future__ import annotations

import math
from array import array

import pytest
from hypothesis import given
from hypothesis import strategies as st

from victor_monitoring.promql.samples import LOOKBACK, STALE, SampleSet, Series, is_stale


def series(times: list[int], values: list[float]) -> Series:
    return Series({}, array("q", times), array("d", values))


@pytest.mark.parametrize(
    ("left_open", "times"), [(False, [1000, 2000, 3000]), (True, [2000, 3000])], ids=["2.x", "3.x"]
)
def test_a_window_includes_its_end_and_with_prometheus_2_its_start(left_open, times):
    """A sample exactly as old as the window is in it with Prometheus 2, not with 3."""
    found = series([999, 1000, 2000, 3000, 3001], [0, 1, 2, 3, 4]).within(1000, 3000, left_open=left_open)
    assert found == (times, [each / 1000 for each in times])


def test_a_staleness_marker_is_in_no_window_and_ends_the_value():
    """A vanished series has its samples in windows, but no value at later instants."""
    vanished = series([1000, 2000], [5, STALE])
    assert vanished.within(0, 3000, left_open=False) == ([1000], [5])
    assert vanished.value_at(1999, left_open=False) == 5
    assert vanished.value_at(2000, left_open=False) is None


def test_only_the_marker_is_stale():
    """Another NaN is an ordinary value; the marker is unchanged in a compact array."""
    assert not is_stale(math.nan)
    assert not is_stale(-math.nan)
    assert not is_stale(math.inf)
    assert is_stale(array("d", [STALE])[0])
    _, values = series([1000], [math.nan]).within(0, 1000, left_open=False)
    assert math.isnan(values[0])


@pytest.mark.parametrize(
    ("left_open", "at", "value"),
    [
        (False, 999, None),
        (False, 1000, 7),
        (False, 1000 + LOOKBACK, 7),
        (False, 1001 + LOOKBACK, None),
        (True, 999 + LOOKBACK, 7),
        (True, 1000 + LOOKBACK, None),
    ],
)
def test_a_sample_is_the_value_for_the_look_back(left_open, at, value):
    """The last sample is the value for five minutes, inclusive with Prometheus 2, exclusive with 3."""
    assert series([1000], [7]).value_at(at, left_open=left_open) == value


@given(
    st.lists(st.integers(0, 50), unique=True).map(sorted),
    st.integers(0, 50),
    st.integers(0, 50),
    st.booleans(),
)
def test_a_window_holds_what_its_ends_say(times, start, length, left_open):
    """A window has exactly the samples whose times lie within it."""
    end = start + length
    found, values = series(times, [float(each) for each in times]).within(start, end, left_open=left_open)
    assert found == [each for each in times if start <= each <= end and not (left_open and each == start)]
    assert values == found


def test_an_unknown_metric_has_no_series():
    """A metric without samples has no series."""
    assert list(SampleSet({}).series("up")) == []
