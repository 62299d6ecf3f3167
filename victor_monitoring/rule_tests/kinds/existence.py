"""The alert on the presence or absence of its series."""

from __future__ import annotations

import itertools
from collections.abc import Iterator

from victor_monitoring.rule_tests.case_template import RESOLVES, CaseTemplate, case_kind
from victor_monitoring.rule_tests.fixture import AlertFixture
from victor_monitoring.rule_tests.noise import noise_series, recorded_outside, series_outside
from victor_monitoring.signals.quantity import ABSENT
from victor_monitoring.signals.streams import Stream


@case_kind(200, "existence", compares=False)
def existence(fixture: AlertFixture) -> Iterator[CaseTemplate]:
    """Without its series, with them, and without them again: it fires while `present` or `absent` is met.

    Meanwhile other series of the same metrics are there, and those of targets that `select` does not select.
    """
    is_absent = fixture.alert.condition.op == ABSENT
    states = (*RESOLVES, True) if is_absent else RESOLVES
    for about, label, others in _others(fixture):
        gone = (fixture.up(), *fixture.guarded(None, fixture.passed()), *others)
        there = (fixture.up(), *fixture.beyond(), *others)
        phases = (
            fixture.lasting(gone, fixture.until_firing),
            fixture.lasting(there, fixture.until_firing + fixture.until_resolved),
            fixture.lasting(gone, fixture.until_firing + fixture.until_resolved),
        )
        unrecorded = ((label, fixture.records),) if label else ()
        yield CaseTemplate(f"not there, there, gone{about}", phases, states, unrecorded=unrecorded)
    if fixture.has_replicas():
        replicas = fixture.lasting(fixture.spread(fixture.levels.beyond()), fixture.until_firing)
        yield CaseTemplate("replicas that differ are there", (replicas,), records=True)


def _others(fixture: AlertFixture) -> Iterator[tuple[str, str | None, tuple[Stream, ...]]]:
    """Yield series that the alert must not read, each time with words for them.

    Between them is the label of `select` that has another value, if nothing is recorded of them.
    """
    yield "", None, ()
    if noise := noise_series(fixture):
        yield ", next to other series of its metrics", None, noise
    for label in fixture.signal.select.outside:
        about, outside = f", next to another {label}", series_outside(fixture, label)
        yield about, label, outside
        if recorded := recorded_outside(fixture, label).values():
            yield f"{about} that is recorded", None, (*outside, *itertools.chain.from_iterable(recorded))
