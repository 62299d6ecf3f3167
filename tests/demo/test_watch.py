"""Signals and alerts of served metrics, as rows of a table and as lines of changes."""

from __future__ import annotations

import logging
from collections.abc import Iterable

from prometheus_client import Metric

from tests.demo.samples import Clock
from tests.rules.rendered import compiled_text
from victor_monitoring.demo.serving.summary import AlertView, SignalRow, ViewState
from victor_monitoring.demo.serving.watch import Watch
from victor_monitoring.language.resolved.spec import Resolved

MILL = """
victor_mon: 1
service: {name: mill, title: Mill, owner: millers, metric_prefix: mill_, select: {job: mill}}
defaults: {window: 10s, evaluate_every: 5s, scrape_every: 1s}
components:
  stones:
    external: true
    metrics:
      mill_heat: {type: gauge, help: Heat., labels: {stone: [upper, lower]}}
      mill_grain: {type: gauge, help: Grain., labels: {stone: [upper, lower]}}
      mill_turns_total: {type: counter, help: Turns.}
      mill_jams_total: {type: counter, help: Jams.}
signals:
  heat: {title: Heat, unit: count, by: [stone], value: {of: mill_heat, agg: max}}
  grain: {title: Grain, unit: count, by: [stone], value: {of: mill_grain, agg: min}}
  turns: {title: Turns, unit: per_second, rate: {of: mill_turns_total}}
  jams: {title: Jams, unit: ratio, ratio: {of: mill_jams_total, over: mill_turns_total, at_most_one: true}}
alerts:
  mill:
    Hot: {signal: heat, when: "> 80", for: 10s, severity: critical, summary: "{stone} is at {value}"}
    Empty: {signal: grain, when: "< 5", for: 10s, severity: critical, summary: "{stone} has {value}"}
    Slow: {signal: turns, when: "< 1/s", for: 0s, severity: critical, summary: "{value} turns"}
    Jammed:
      signal: jams
      when: "> 10%"
      only_if: {signal: turns, when: "> 3/s"}
      for: 0s
      severity: critical
      summary: "{value} jams"
"""


class Mill:
    """A mill whose metrics are set by the test."""

    def __init__(self) -> None:
        self.clock = Clock()
        self.heat, self.turns, self.jams, self.is_broken = 20.0, 0.0, 0.0, False
        spec = compiled_text(MILL).base
        assert spec is not None
        self.spec: Resolved = spec
        self.watch = Watch(spec, self.collect, instance="here", clock=self.clock)

    def collect(self) -> Iterable[Metric]:
        if self.is_broken:
            raise RuntimeError("the mill is on fire")
        heat = Metric("mill_heat", "Heat.", "gauge")
        heat.add_sample("mill_heat", {"stone": "upper"}, 20)
        heat.add_sample("mill_heat", {"stone": "lower"}, self.heat)
        grain = Metric("mill_grain", "Grain.", "gauge")
        grain.add_sample("mill_grain", {"stone": "upper"}, 20)
        grain.add_sample("mill_grain", {"stone": "lower"}, 30)
        turns, jams = (Metric(f"mill_{name}", "", "counter") for name in ("turns", "jams"))
        turns.add_sample("mill_turns_total", {}, self.turns)
        jams.add_sample("mill_jams_total", {}, self.jams)
        return [heat, grain, turns, jams]

    def turn(self, seconds: int, per_second: float = 2, jams: float = 0) -> None:
        for second in range(seconds):
            self.clock.now += 1
            self.turns += per_second
            self.jams += jams
            self.watch.sample()
            if second % 5 == 4:
                self.watch.step()

    def rows(self) -> dict[str, SignalRow]:
        return {row.title: row for row in self.watch.snapshot().rows}


def alert(name: str, condition: str, about: str, state: ViewState = "inactive") -> AlertView:
    return AlertView(name, "critical", condition, state, about)


def test_a_row_shows_the_worst_value_and_its_labels():
    """A row has the highest value if high is bad, else the lowest, and alerts with condition and state."""
    mill = Mill()
    mill.heat = 60
    mill.turn(15)
    assert mill.rows() == {
        "Heat": SignalRow("Heat", "60", "lower", (alert("Hot", "> 80", "Heat"),)),
        "Grain": SignalRow("Grain", "20", "upper", (alert("Empty", "< 5", "Grain"),)),
        "Turns": SignalRow("Turns", "2/s", "", (alert("Slow", "< 1/s", "Turns"),)),
        "Jams": SignalRow("Jams", "0%", "", (alert("Jammed", "> 10%", "Jams"),)),
    }


def test_without_traffic_a_ratio_has_no_data():
    """NaN is not shown, and makes no alert fire."""
    mill = Mill()
    mill.turn(15, per_second=0)
    assert mill.rows()["Jams"] == SignalRow("Jams", "no data", "", (alert("Jammed", "> 10%", "Jams"),))
    assert mill.rows()["Turns"].alerts == (alert("Slow", "< 1/s", "Turns 0/s, < 1/s", "firing"),)


def test_news_are_changes_of_state():
    """Each change is reported once: from inactive to pending to firing and back."""
    mill = Mill()
    mill.turn(15)
    before: dict[str, ViewState] = {}
    found = []
    for heat in (20, 90, 90, 90, 90, 20, 20):
        mill.heat = heat
        mill.turn(5)
        found += [(each.name, each.state, each.about) for each in mill.watch.snapshot().news(before)]
    assert found == [
        ("Hot", "pending", "Heat lower 90, > 80"),
        ("Hot", "firing", "Heat lower 90, > 80"),
        ("Hot", "inactive", "Heat"),
    ]


def test_a_guard_holds_an_alert_back():
    """The alert on jams fires only while the mill turns fast."""
    mill = Mill()
    mill.turn(20, per_second=2, jams=1)
    assert mill.rows()["Jams"].alerts == (alert("Jammed", "> 10%", "Jams"),)
    mill.turn(20, per_second=4, jams=1)
    assert mill.rows()["Jams"].alerts == (alert("Jammed", "> 10%", "Jams 25%, > 10%", "firing"),)


def test_a_collector_that_raises_is_logged(caplog):
    """Earlier samples are kept."""
    mill = Mill()
    mill.turn(15)
    mill.is_broken = True
    with caplog.at_level(logging.ERROR):
        mill.watch.sample()
    assert "cannot sample the metrics" in caplog.text
    assert mill.rows()["Turns"].value == "2/s"
