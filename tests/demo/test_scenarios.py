"""The scenarios of a demo."""

from __future__ import annotations

import pytest

from tests.demo.kettle import kettle
from tests.rules.rendered import compiled, compiled_text
from victor_monitoring.app.pipeline import time_scaled
from victor_monitoring.demo.scenarios import default_scenario, scenarios
from victor_monitoring.demo.simulation.faults import fault_names
from victor_monitoring.demo.simulation.states import faulty, healthy, met


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


def test_one_selected_instance_is_not_one_of_several_targets():
    """Where `select` has the instance, the loss of its target is that of the service."""
    found = scenarios(kettle(60, "select: {job: kettle", "select: {instance: stove, job: kettle"))
    assert "target-down" not in found
    assert "service-absent" in found


def test_no_level_makes_an_absence():
    """Scenarios and faults set signals to levels: an alert on presence or absence has none of them."""
    spec = kettle(60, 'water, when: "> 2GiB"', "water, when: present")
    assert "TooMuchWater" in {alert.id for alert in spec.alerts}
    assert "TooMuchWater" not in {*scenarios(spec), *fault_names(spec)}
    assert default_scenario(spec).name == "ManySpilt"


GUARDED = """
victor_mon: 1
service: {name: mill, title: Mill, owner: millers, metric_prefix: mill_, select: {job: mill}}
severities: [warning]
components:
  stones:
    metrics:
      mill_heat: {type: gauge, merge: max, help: Heat., labels: {stone: [upper, lower]}}
      mill_turns_total: {type: counter, help: Turns.}
signals:
  heat: {unit: count, by: [stone], value: {of: mill_heat, agg: max}}
  turns: {unit: per_second, rate: {of: mill_turns_total}}
alerts:
  mill:
    Hot: {signal: heat, when: "> 80", severity: warning, summary: "{value}", GUARDS}
"""


@pytest.mark.parametrize(
    ("guards", "is_playable"),
    [
        ('only_if: [{signal: turns, when: "> 9/s"}, {signal: turns, when: present}]', True),
        ('only_if: {signal: turns, when: "> 9/s"}, unless: {signal: turns, when: "> 10/s"}', True),
        ("unless: {signal: turns, when: present}", False),
        ("only_if: {signal: turns, when: absent}", False),
    ],
)
def test_scenarios_pass_the_guards_of_their_alerts(guards, is_playable):
    """Guards are at levels at which they let the alert fire; no level takes away the series of a signal."""
    spec = compiled_text(GUARDED.replace("GUARDS", guards)).base
    assert spec is not None
    assert ("Hot" in scenarios(spec), "Hot" in fault_names(spec)) == (is_playable, is_playable)
    if is_playable:
        assert met(spec, faulty(spec, healthy(spec, 1), spec.alerts)) == list(spec.alerts)


@pytest.mark.parametrize(
    ("spec", "name"), [("performance", "CriticalProviderFailureRate"), ("checkout", "CheckoutFailing")]
)
def test_the_default_scenario_is_severe_and_soon(spec, name):
    """It is not the alert on a score."""
    resolved = time_scaled(compiled(spec), 60)
    assert default_scenario(resolved).name == name
