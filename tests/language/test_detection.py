"""The detection time of an alert: its delays, with those of recordings by other groups."""

from __future__ import annotations

import pytest

from tests.rules.rendered import Place, places, resolved, rules
from victor_monitoring.language.resolved.detection import detection
from victor_monitoring.language.resolved.spec import Alert, Resolved


def alert(spec: Resolved, name: str) -> Alert:
    return next(each for each in spec.alerts if each.name == name)


def delays(place: Place, name: str) -> dict[str, int]:
    """Return the delays of an alert, in seconds."""
    spec = resolved(place)
    return {each.reason: each.milliseconds // 1000 for each in detection(spec, alert(spec, name)).delays}


def test_a_windowed_signal_waits_for_its_window() -> None:
    """Scrape, window, evaluation, `for` and group wait; the recording is in the alert's own group."""
    assert delays(Place("performance", None), "HighCacheMissRate") == {
        "scrape": 15, "window": 300, "evaluation": 30, "for": 300, "group wait": 30,
    }  # fmt: skip


def test_a_gauge_has_no_window() -> None:
    """The current value of a gauge is seen at the next scrape."""
    assert "window" not in delays(Place("performance", None), "HighMemoryUsage")


def test_a_part_that_another_group_records_may_be_an_evaluation_old() -> None:
    """A score has the delay of its slowest part."""
    found = delays(Place("performance", None), "PerformanceDegraded")
    assert (found["recording"], found["window"]) == (30, 300)


def test_durations_are_those_of_the_context() -> None:
    """With a time scale of 60 an alert is sent in a sixtieth of the time."""
    base, fast = (
        detection(spec, alert(spec, "HighCPUUsage")).milliseconds
        for spec in (resolved(Place("performance", None)), resolved(Place("performance", "fast")))
    )
    assert base == fast * 60


@pytest.mark.parametrize("place", places(), ids=str)
def test_the_groups_are_those_that_record(place: Place) -> None:
    """The recording group of each signal is the group in which its rule is rendered."""
    spec = resolved(place)
    rendered = {rule.name: rule.group for rule in rules(place) if "record" in rule.data}
    homes = spec.recorded_in
    assert homes
    assert {name: rendered[spec.signals[name].record] for name in homes} == homes
