"""What can go wrong in a demonstration."""

from __future__ import annotations

import pytest

from tests.demo.kettle import kettle
from tests.rules.rendered import compiled
from victor_monitoring.app.pipeline import time_scaled
from victor_monitoring.demo.scenarios import default_scenario, scenarios


def test_there_is_a_scenario_for_each_alert_and_for_what_happens_to_any_service():
    """Each with what it means in the spec's own times, and with what must be delivered."""
    found = scenarios(kettle())
    assert {name: each.expected for name, each in found.items()} == {
        "MuchWater": "MuchWater",
        "TooMuchWater": "TooMuchWater",
        "ManySpilt": "ManySpilt",
        "target-down": "TargetDown",
        "service-absent": "ServiceAbsent",
        "metric-missing:kettle_water_bytes": "MetricMissing",
        "no-traffic": None,
        "counter-reset": None,
    }
    assert found["ManySpilt"].text == "Spilt cups > 20% for 30s: warning"


def test_without_meta_alerts_nothing_is_expected_of_them():
    """Only what the spec has can be shown."""
    found = scenarios(kettle(60, "meta: {for: 1m, severity: critical}", "meta: null"))
    assert list(found) == ["MuchWater", "TooMuchWater", "ManySpilt", "no-traffic", "counter-reset"]


@pytest.mark.parametrize(
    ("spec", "name"), [("performance", "CriticalProviderFailureRate"), ("checkout", "CheckoutFailing")]
)
def test_the_most_telling_one_is_severe_and_soon(spec, name):
    """No score, which many signals make."""
    resolved = time_scaled(compiled(spec), 60)
    assert default_scenario(resolved).name == name
