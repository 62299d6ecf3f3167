"""Series that an alert must not read: other labels of its metrics, other targets and their recordings."""

from __future__ import annotations

import math
from collections.abc import Collection, Iterator, Mapping
from dataclasses import replace
from fractions import Fraction

from victor_monitoring.promql.prometheus_version import OLDEST
from victor_monitoring.rule_tests.fixture import AlertFixture
from victor_monitoring.rule_tests.joint import reads
from victor_monitoring.signals.evaluation import SamplesAt
from victor_monitoring.signals.metric import Metric, Selector
from victor_monitoring.signals.streams import Stream, another

# Traffic of series that must not be read: so much that reading any of them changes the result.
_LOUD = Fraction(100_000)


def noise_series(fixture: AlertFixture) -> tuple[Stream, ...]:
    """Return series of the metrics that the alert reads, with labels that no selector matches."""
    readings = [reading for each in fixture.signals for reading in each.kind.readings()]
    target = fixture.target()
    return tuple(
        stream
        for metric in {each.selector.metric.name: each.selector.metric for each in readings}.values()
        for own in [[each for each in readings if each.selector.metric.name == metric.name]]
        for labels in Selector(metric).label_sets()
        if not any(each.selector.matches(labels) for each in own)
        for stream in _loud(metric, {**target, **labels}, {name for each in own for name in each.read_names})
    )


def series_outside(fixture: AlertFixture, label: str) -> tuple[Stream, ...]:
    """Return streams of a target with another value of the label, far beyond the threshold.

    Its own signal has a thousand times the traffic.
    """
    streams = fixture.elsewhere(fixture.worst(), label, fixture.signal.select.outside[label])
    return tuple(
        replace(each, step=each.step * 1000) if each.total and reads(fixture.signal, each) else each
        for each in streams
    )


def recorded_outside(fixture: AlertFixture, label: str) -> dict[str, tuple[Stream, ...]]:
    """Return the series recorded for a target with another value of the label, far beyond the threshold.

    They are keyed by their names.
    """
    script = fixture.script(fixture.lasting(fixture.worst(), fixture.settling))
    outside = fixture.signal.select.outside[label]
    found: dict[str, list[Stream]] = {}
    for signal in fixture.signals:
        for record, values in SamplesAt(script.samples(OLDEST), script.end).recorded(signal).items():
            for labels, value in values.items():
                if not math.isnan(value):
                    pairs = tuple(sorted({**dict(labels), label: outside}.items()))
                    found.setdefault(record, []).append(Stream(record, pairs, Fraction(value)))
    return {record: tuple(streams) for record, streams in found.items()}


def other_label_values(fixture: AlertFixture) -> Iterator[tuple[str, str]]:
    """Yield each label that distinguishes the signal's values, with another value that it can have."""
    selectors = [reading.selector for each in fixture.signals for reading in each.kind.readings()]
    select = fixture.signal.select
    for label in fixture.signal.labels:
        used = {dict(stream.labels).get(label) for stream in fixture.beyond()}
        is_selected = label in select.labels
        other = select.another(label, used) if is_selected else another(selectors, label, used)
        if other is not None:
            yield label, other


def _loud(metric: Metric, labels: Mapping[str, str], names: Collection[str]) -> Iterator[Stream]:
    """Yield the series of these names that one label set of a metric has, with a lot of traffic."""
    for name, pairs in dict(metric.type.typical(metric, labels, 1, 1)):
        if name in names and name in metric.totals:
            yield Stream(name, pairs, Fraction(0), _LOUD, total=True)
        elif name in names:
            yield Stream(name, pairs, _LOUD)
