"""The states of an alert over evaluations; tests/end_to_end compares them with Prometheus."""

from __future__ import annotations

import dataclasses

import pytest

from victor_monitoring.promql.samples import SampleSet, Series
from victor_monitoring.runtime.alert_states import AlertStates
from victor_monitoring.signals.alert import AlertRule
from victor_monitoring.signals.kinds.value import Value
from victor_monitoring.signals.metric import Metric, Selector
from victor_monitoring.signals.metric_types.gauge import Gauge
from victor_monitoring.signals.quantity import parse_condition
from victor_monitoring.signals.select import Select
from victor_monitoring.signals.signal import Signal
from victor_monitoring.signals.template import parse_template
from victor_monitoring.signals.units import COUNT

SECOND = 1000
DEPTH = Signal(
    "depth", "Depth", COUNT, Value(Selector(Metric("depth", Gauge())), "max"),
    Select.of({"job": "shop"}), (), ("queue",), 5 * SECOND, 250, "",
)  # fmt: skip


def alert(pending: int, keep_firing: int | None) -> AlertRule:
    return AlertRule(
        "Deep", "Deep", "g", DEPTH, parse_condition("> 5"), (), pending * SECOND,
        None if keep_firing is None else keep_firing * SECOND, "warning", "till", (("severity", "warning"),),
        None, None, SECOND,
    )  # fmt: skip


def depths(at: int, **queues: float) -> SampleSet:
    series = [Series({"job": "shop", "queue": name}, [at], [depth]) for name, depth in queues.items()]
    return SampleSet({"depth": series})


@pytest.mark.parametrize(
    ("pending", "keep_firing", "depth_each_second", "states"),
    [
        (0, None, [5, 6, 5], "-F-"),
        (2, None, [6, 6, 6, 5, 6], "PPF-P"),
        (2, None, [6, 6, 5, 6, 6, 6], "PP-PPF"),
        (3, None, [6, 6, 6], "PPP"),
        # It is kept firing for `keep_firing_for` from the first evaluation with an unmet condition.
        (0, 2, [6, 5, 5, 5, 5], "FFF--"),
        (0, 2, [6, 5, 6, 5, 5, 5], "FFFFF-"),
        (1, 2, [6, 5, 5], "P--"),  # a series that never fired is not kept
        (1, 1, [6, 6, 5, 5, 6, 6], "PFF-PF"),
        (0, 0, [6, 5], "F-"),
    ],
)
def test_an_alert_is_pending_then_firing_then_kept(pending, keep_firing, depth_each_second, states):
    """`for` counts from the first evaluation that met the condition, `keep_firing_for` from the last."""
    watched = AlertStates([alert(pending, keep_firing)])
    found = ""
    for second, depth in enumerate(depth_each_second):
        watched.step(depths(second * SECOND, a=depth), second * SECOND)
        (state,) = watched.states()
        found += {"inactive": "-", "pending": "P", "firing": "F"}[state.state]
    assert found == states


def test_each_series_has_its_own_state():
    """Series are distinguished by labels; the alert has the most advanced state of them."""
    watched = AlertStates([alert(1, None)])
    watched.step(depths(0, a=6, b=1), 0)
    watched.step(depths(SECOND, a=7, b=8), SECOND)
    (state,) = watched.states()
    assert state.state == "firing"
    own = {"job": "shop", "severity": "warning", "alertname": "Deep"}
    assert [(dict(each.labels), each.state, each.value, each.since) for each in state.series] == [
        ({"queue": "a", **own}, "firing", 7, 0), ({"queue": "b", **own}, "pending", 8, SECOND),
    ]  # fmt: skip


def test_labels_and_annotations_of_a_series_are_expanded():
    """Templates get the labels and the last value; an empty label is none; a query is not made up."""
    templated = dataclasses.replace(
        alert(0, None),
        labels=(("severity", "warning"), ("of", "{{ $labels.queue }}"), ("no", "{{ $labels.other }}")),
        summary=parse_template("{value} in {queue}, above {threshold}"),
        annotations=(
            ("text", "{{ if gt $value 8.0 }}{{ printf `%.1f` $value }} of {{ .Labels.job }}{{ end }}"),
            ("asked", '{{ query "up" | len }}'),
        ),
    )
    watched = AlertStates([templated])
    watched.step(depths(0, a=6), 0)
    watched.step(depths(SECOND, a=9), SECOND)
    ((series,),) = [state.series for state in watched.states()]
    own = {"severity": "warning", "of": "a", "alertname": "Deep"}
    assert series.labels == {"job": "shop", "queue": "a", **own}
    assert series.annotations == {
        "summary": "9 in a, above 5",
        "text": "9.0 of shop",
        "asked": '{{ query "up" | len }}',
    }


def test_a_kept_series_shows_its_last_bad_value():
    """A series that is kept firing has the last value that met the condition."""
    watched = AlertStates([alert(0, 5)])
    watched.step(depths(0, a=9), 0)
    watched.step(depths(SECOND, a=1), SECOND)
    (state,) = watched.states()
    assert [(each.state, each.value, each.since) for each in state.series] == [("firing", 9, 0)]
