"""Victor's collector under a simulated agent: samples of every metric, and the effect of each fault."""

from __future__ import annotations

import threading
from functools import partial

import pytest

from tests.demo.samples import Clock, Scraped, firing
from tests.end_to_end.live import until
from tests.signals.shipped import PATHS, resolved
from victor_monitoring.demo.simulation.levels import signal_levels
from victor_monitoring.demo.simulation.states import implied
from victor_monitoring.language.resolved.spec import Resolved
from victor_monitoring.victor.workload import SimulatedAgent

NAME = "victor_tool_selections_total"
BASE, PROD = resolved(PATHS[0])[:2]


def agent(spec: Resolved, clock: Clock, *names: str, seed: int = 5) -> SimulatedAgent:
    alerts = [alert for alert in spec.alerts if alert.name in names]
    return SimulatedAgent(signal_levels(spec, alerts), seed=seed, window=spec.window / 1000, clock=clock)


def watched(spec: Resolved, *names: str, is_idle: bool = False) -> list[set[str]]:
    """Return the alerts with a met condition at each evaluation, after one whole window."""
    clock, scraped = Clock(), Scraped(spec)
    load = agent(spec, clock, *names)
    found = []
    for at in range(0, spec.window * 2, spec.scrape):
        clock.now = 1000.0 + at / 1000
        if is_idle and at > spec.window / 2:
            load.set_levels(signal_levels(spec), is_idle=True)
        load.advance()
        scraped.scrape(load.collector, at)
        if at > spec.window and at % (spec.window // 5) < spec.scrape:
            found.append(firing(spec, scraped.samples, at))
    assert len(found) >= 4
    return found


def test_a_healthy_agent_fires_nothing():
    """A healthy agent fires no alert for several windows."""
    assert set().union(*watched(BASE)) == set()


@pytest.mark.parametrize("name", [alert.name for alert in BASE.alerts])
def test_a_fault_is_steady(name):
    """The alert's condition is met at every evaluation; of others only implied ones are."""
    (alert,) = [each for each in BASE.alerts if each.name == name]
    allowed = {each.name for each in implied(BASE, alert)}
    for found in watched(BASE, name):
        assert name in found
        assert found <= allowed


def test_a_fault_is_beyond_the_thresholds_of_the_context():
    """In `prod`, where a pod has more memory, the fault exceeds the higher threshold."""
    for found in watched(PROD, "HighMemoryUsage"):
        assert "HighMemoryUsage" in found


def test_an_idle_agent_fires_nothing():
    """An idle agent counts nothing, and no alert fires."""
    assert set().union(*watched(BASE, is_idle=True)) == set()


def test_every_metric_has_samples():
    """After some load every metric has samples, and the collector has counted no fault."""
    clock = Clock()
    load = agent(BASE, clock)
    for _ in range(20):
        clock.now += 15
        load.advance()
    sampled = {s.name.removesuffix("_count") for f in load.collector.collect() for s in f.samples}
    assert {declared.metric.name for declared in BASE.declared} - sampled == set()
    snapshot = load.collector.snapshot()
    assert {section.fault for section in snapshot.sections.values()} == {None}


def test_the_same_seed_gives_the_same_load():
    """The same seed gives the same load, another seed another one."""

    def text(seed: int) -> bytes:
        clock = Clock()
        load = agent(BASE, clock, seed=seed)
        clock.now += 15
        load.advance()
        return load.collector.exposition()

    assert text(1) == text(1)
    assert text(1) != text(2)


def test_it_runs_until_it_is_stopped():
    """The load runs in a thread until `stop` returns; it can be started again."""
    load = SimulatedAgent({}, seed=1, window=1)

    def selections() -> float:
        found = load.collector.registry.get_sample_value(NAME, {"cache": "query", "outcome": "hit"})
        return found or 0.0

    def has_grown_beyond(before: float) -> bool:
        return selections() > before

    for _ in range(2):
        load.start()
        until(partial(has_grown_beyond, selections()))
        load.stop()
        assert not [thread for thread in threading.enumerate() if thread.name == "simulated-agent"]
