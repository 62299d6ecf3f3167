"""The scenarios of a demo."""

from __future__ import annotations

import pytest

from tests.demo.kettle import kettle
from tests.rules.rendered import compiled
from victor_monitoring.app.pipeline import time_scaled
from victor_monitoring.demo.scenarios import default_scenario, scenarios
from victor_monitoring.demo.simulation.faults import fault_names


def test_scenarios_of_each_alert_and_of_any_service():
    """Each has a text with the spec's own durations, and the alert that must be delivered."""
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


def test_without_meta_alerts_there_are_no_scenarios_for_them():
    """A spec without meta alerts has only the scenarios of its own alerts and of any service."""
    found = scenarios(kettle(60, "meta: {for: 1m, severity: critical}", "meta: null"))
    assert list(found) == ["MuchWater", "TooMuchWater", "ManySpilt", "no-traffic", "counter-reset"]


def test_no_level_makes_an_absence():
    """Scenarios and faults set signals to levels: an alert on presence or absence has none of them."""
    spec = kettle(60, 'water, when: "> 2GiB"', "water, when: present")
    assert "TooMuchWater" in {alert.id for alert in spec.alerts}
    assert "TooMuchWater" not in {*scenarios(spec), *fault_names(spec)}
    assert default_scenario(spec).name == "ManySpilt"


@pytest.mark.parametrize(
    ("spec", "name"), [("performance", "CriticalProviderFailureRate"), ("checkout", "CheckoutFailing")]
)
def test_the_default_scenario_is_severe_and_soon(spec, name):
    """It is not the alert on a score."""
    resolved = time_scaled(compiled(spec), 60)
    assert default_scenario(resolved).name == name
