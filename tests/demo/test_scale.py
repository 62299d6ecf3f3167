"""A spec at the largest time scale that it allows."""

from __future__ import annotations

import pytest

from tests.demo.kettle import kettle
from tests.rules.rendered import SPECS, compiled
from victor_monitoring.app.pipeline import time_scaled

SCRAPE = "scrape_every: 15s"


@pytest.mark.parametrize(
    ("limit", "scrape", "speed"),
    [(60, "15s", 60), (60, "10s", 50), (60, "7s", 50), (60, "7001ms", 1), (50, "15s", 50), (7, "15s", 6)],
)
def test_the_largest_scale_that_leaves_whole_milliseconds(limit, scrape, speed):
    """The scale is at most the limit, and divides every duration of the alerting chain."""
    assert kettle(limit, SCRAPE, f"scrape_every: {scrape}").time_scale == speed


def test_every_time_is_divided_and_no_threshold():
    """Windows, `for`, the intervals of scrapes and evaluations, and those of Alertmanager are divided."""
    fast, real = kettle(60), kettle(1)
    assert (fast.window, fast.evaluate, fast.scrape) == (1000, 500, 250)
    assert [alert.pending for alert in fast.alerts] == [alert.pending // 60 for alert in real.alerts]
    assert {signal.window for signal in fast.signals.values()} == {1000}
    assert fast.routing.group_wait == real.routing.group_wait // 60
    assert [alert.condition for alert in fast.alerts] == [alert.condition for alert in real.alerts]


@pytest.mark.parametrize("spec", SPECS)
def test_the_shipped_specs_run_an_hour_in_a_minute(spec):
    """Their durations allow a time scale of 60."""
    assert time_scaled(compiled(spec), 60).time_scale == 60
