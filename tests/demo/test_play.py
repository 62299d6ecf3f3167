"""Demos in this process, without other programs."""

from __future__ import annotations

import itertools

from tests.demo.kettle import kettle
from victor_monitoring.demo.backend import in_process_backend
from victor_monitoring.demo.play import ScenarioPlayer
from victor_monitoring.demo.scenarios import Scenario, scenarios
from victor_monitoring.demo.serving.summary import ViewState


def played(
    *chosen: Scenario, **options: float
) -> tuple[ScenarioPlayer, dict[str, list[ViewState]], list[str]]:
    """Play the scenarios; return the player, each alert's states in order, and the phases in order."""
    with in_process_backend(kettle()) as backend:
        play = ScenarioPlayer(backend, chosen, **options)
        frames = list(play.frames())
    states = {
        name: [
            state for state, _ in itertools.groupby(each.snapshot.alert_views[name].state for each in frames)
        ]
        for name in frames[0].snapshot.alert_views
    }
    return play, states, [phase for phase, _ in itertools.groupby(frame.phase for frame in frames)]


def test_an_alert_fires_and_is_over():
    """An alert goes from inactive to firing and back, in three phases."""
    play, states, phases = played(scenarios(kettle())["ManySpilt"])
    assert play.failures == []
    assert states["ManySpilt"] == ["inactive", "pending", "firing", "inactive"]
    assert states["MuchWater"] == ["inactive"]
    assert phases == ["all is well", "fault: ManySpilt", "the fault is gone"]


def test_scenarios_follow_each_other():
    """Each scenario starts from health; no alert fires when counters are reset."""
    play, states, phases = played(*(scenarios(kettle())[name] for name in ("TooMuchWater", "counter-reset")))
    assert play.failures == []
    assert states["TooMuchWater"] == ["inactive", "pending", "firing", "inactive"]
    assert phases[1::2] == ["fault: TooMuchWater", "fault: counter-reset"]


def test_a_fault_lasts_for_the_chosen_duration():
    """It lasts even if its alert fires before."""
    with in_process_backend(kettle()) as backend:
        frames = list(ScenarioPlayer(backend, [scenarios(kettle())["MuchWater"]], lasting=5).frames())
    broken = [frame.seconds for frame in frames if frame.phase.startswith("fault")]
    assert broken[-1] - broken[0] >= 4.5


def test_an_expected_alert_that_does_not_fire_is_a_failure():
    """A scenario without faults does not make its expected alert fire."""
    nothing_wrong = Scenario("idle", "nothing", (), "ManySpilt")
    play, states, _ = played(nothing_wrong, patience=1)
    assert play.failures == ["`ManySpilt` was not firing within 7 s"]
    assert states["ManySpilt"] == ["inactive"]


def test_an_alert_in_a_silent_scenario_is_a_failure():
    """A silent scenario with an alert's fault is reported with the alert."""
    loud = Scenario("loud", "nothing", ("MuchWater",), None, silent=True)
    play, _, _ = played(loud)
    assert play.failures == ["`loud` made MuchWater fire"]
