"""The alert on the presence or absence of its series."""

from __future__ import annotations

import itertools
from collections.abc import Iterator

from victor_monitoring.rule_tests.case_template import RESOLVES, SILENT, CaseTemplate, case_kind
from victor_monitoring.rule_tests.fixture import AlertFixture
from victor_monitoring.rule_tests.noise import noise_series, recorded_outside, series_outside
from victor_monitoring.signals.quantity import ABSENT
from victor_monitoring.signals.streams import Stream
from victor_monitoring.signals.synthesis import synthesis


@case_kind(200, "existence", compares=False)
def existence(fixture: AlertFixture) -> Iterator[CaseTemplate]:
    """Without its series, with them, and without them again: it fires while `present` or `absent` is met.

    Meanwhile other series of the same metrics are there, and those of targets that `select` does not select.
    With `only_if` not met, it is silent.
    """
    is_absent = fixture.alert.condition.op == ABSENT
    states = (*RESOLVES, True) if is_absent else RESOLVES
    for about, label, others in _others(fixture):
        gone = (fixture.up(), *_guarding(fixture), *others)
        there = (fixture.up(), *fixture.beyond(), *others)
        phases = (
            fixture.lasting(gone, fixture.until_firing),
            fixture.lasting(there, fixture.until_firing + fixture.until_resolved),
            fixture.lasting(gone, fixture.until_firing + fixture.until_resolved),
        )
        unrecorded = ((label, fixture.records),) if label else ()
        yield CaseTemplate(f"not there, there, gone{about}", phases, states, unrecorded=unrecorded)
    replicas = fixture.lasting(fixture.spread(fixture.levels.beyond()), fixture.until_firing)
    yield CaseTemplate("replicas that differ are there", (replicas,), records=True)
    if fixture.guard_levels:
        level = fixture.guard_levels.short()
        own = () if is_absent else fixture.guarded(fixture.levels.beyond(), level)
        streams = own or _guarding(fixture, short=True)
        phase = fixture.lasting((fixture.up(), *streams), fixture.until_firing)
        yield CaseTemplate("`only_if` is not met", (phase,), SILENT)


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


def _guarding(fixture: AlertFixture, *, short: bool = False) -> tuple[Stream, ...]:
    """Return the series of the guard alone. Raise ValueError if the alert's own signal reads them too."""
    guard, levels = fixture.alert.guard, fixture.guard_levels
    if guard is None or levels is None:
        return ()
    streams = synthesis(guard.signal).synthesise(
        levels.short() if short else levels.beyond(), fixture.target()
    )
    names = {
        name
        for own in fixture.signal.with_parts()
        for each in own.kind.readings()
        for name in each.read_names
    }
    if names & {each.metric for each in streams}:
        raise ValueError(f"`{fixture.signal.name}` is there whenever `{guard.signal.name}` is")
    return streams
