"""A simulated target is healthy, or has exactly the requested fault."""

from __future__ import annotations

import pytest

from tests.rules.rendered import compiled_text
from tests.signals.shipped import PATHS, resolved
from victor_monitoring.demo.simulation.levels import faulty_level, healthy_level
from victor_monitoring.demo.simulation.natural import natural
from victor_monitoring.demo.simulation.states import faulty, healthy, implied, met
from victor_monitoring.language.resolved.spec import Alert, Resolved

SPECS = [spec for path in PATHS for spec in resolved(path)]
ALERTS = [(spec, alert) for spec in SPECS for alert in spec.alerts]


def name(each: object) -> str:
    return f"{each.service.name}-{each.context or 'base'}" if isinstance(each, Resolved) else str(each)


@pytest.mark.parametrize("spec", SPECS, ids=name)
@pytest.mark.parametrize("seed", [0, 1, 7])
def test_no_alert_fires_over_a_healthy_population(spec, seed):
    """No alert fires for any seed, in base and in every context."""
    assert met(spec, healthy(spec, seed)) == []


@pytest.mark.parametrize("spec", SPECS, ids=name)
def test_every_metric_has_series(spec):
    """Closed labels have all values, open labels respect their limit, every selector selects a series."""
    population = natural(spec, seed=1)
    for declared in spec.declared:
        metric = declared.metric
        own = [dict(labels) for each, labels in population if each == metric.present]
        assert own, metric.name
        for label in metric.labels:
            values = {each[label.name] for each in own}
            assert values == set(label.values) if label.values else len(values) <= (label.limit or 9)
    for read in spec.reads:
        series = [dict(labels) for _, labels in population]
        assert any(read.selector.matches(labels) for labels in series), read.written.text


@pytest.mark.parametrize(
    ("spec", "alert"), ALERTS, ids=lambda each: each.name if isinstance(each, Alert) else name(each)
)
def test_a_fault_makes_its_alert_fire_and_no_other(spec, alert):
    """Condition and guard of its alert are met, and otherwise only those of implied alerts."""
    firing = {each.name for each in met(spec, faulty(spec, healthy(spec, 1), [alert]))}
    assert alert.name in firing
    assert firing <= {each.name for each in implied(spec, alert)}
    severer = [
        other.name
        for other in spec.alerts
        if other.signal.name == alert.signal.name
        and spec.severities.index(other.severity) > spec.severities.index(alert.severity)
    ]
    assert firing.isdisjoint(severer)


@pytest.mark.parametrize("spec", SPECS, ids=name)
def test_all_faults_at_once(spec):
    """With the faults of all alerts, all fire: no fault undoes another."""
    assert met(spec, faulty(spec, healthy(spec, 1), spec.alerts)) == list(spec.alerts)


@pytest.mark.parametrize("spec", SPECS, ids=name)
def test_levels_keep_off_the_thresholds(spec):
    """A healthy level is a quarter away from all thresholds of the signal; a faulty one is beyond its own."""
    for alert in spec.alerts:
        threshold = float(alert.condition.threshold.value)
        conditions = [each.condition for each in spec.alerts if each.signal.name == alert.signal.name]
        level = healthy_level(alert.signal, conditions)
        assert level is not None
        off = abs(level - threshold)
        assert not alert.condition.is_met(level)
        assert off >= threshold / 4 or (threshold == 0 and level == 0), alert.name
        assert alert.condition.is_met(faulty_level(spec, alert)), alert.name


def test_signals_that_share_series_become_stable():
    """A healthy level of the maximum is too high for the sum; a healthy population is below both."""
    spec = compiled_text(
        """
victor_mon: 1
service: {name: mill, title: Mill, owner: millers, metric_prefix: mill_, select: {job: mill}}
components:
  stones:
    external: true
    metrics: {mill_heat: {type: gauge, help: Heat., labels: {stone: [upper, lower, spare, old]}}}
signals:
  total: {title: Total, unit: count, value: {of: mill_heat, agg: sum}}
  peak: {title: Peak, unit: count, value: {of: mill_heat, agg: max}}
alerts:
  mill:
    Glowing: {signal: total, when: "> 60", for: 1m, severity: critical, summary: "{value}"}
    Hot: {signal: peak, when: "> 80", for: 1m, severity: critical, summary: "{value}"}
"""
    ).base
    assert spec is not None
    population = healthy(spec, seed=1)
    assert met(spec, population) == []
    assert sum(population.values()) > 1


@pytest.mark.parametrize(("when", "rate"), [("< 1/s", 133), ("< 1000/s", 1600)])
def test_an_alert_on_low_traffic_leaves_the_traffic_ample(when, rate):
    """The natural traffic stays unless it is near the threshold: a share of few events would be rounded."""
    spec = compiled_text(
        f"""
victor_mon: 1
service: {{name: mill, title: Mill, owner: millers, metric_prefix: mill_, select: {{job: mill}}}}
components:
  stones: {{metrics: {{mill_turns_total: {{type: counter, help: Turns.}}}}}}
signals:
  turns: {{title: Turns, unit: per_second, rate: {{of: mill_turns_total}}}}
alerts:
  mill:
    Slow: {{signal: turns, when: "{when}", for: 1m, severity: critical, summary: "{{value}}"}}
"""
    ).base
    assert spec is not None
    (growth,) = healthy(spec, seed=1).values()
    assert growth == pytest.approx(rate, rel=0.2)
