"""The alert keeps firing through a gap."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from fractions import Fraction

from victor_monitoring.rule_tests.case_template import RESOLVES, CaseTemplate, case_kind
from victor_monitoring.rule_tests.fixture import AlertFixture
from victor_monitoring.rule_tests.oracle import Oracle, states_of
from victor_monitoring.rule_tests.script import Phase


def _keeps_firing(fixture: AlertFixture) -> bool:
    return bool(fixture.alert.keep_firing)


@case_kind(140, "keeps-firing", _keeps_firing)
def keeps_firing(fixture: AlertFixture) -> Iterator[CaseTemplate]:
    """Short of the threshold for less than `keep_firing_for`: it keeps firing; later it resolves."""
    yield CaseTemplate("a gap shorter than `keep_firing_for`", _with_gap(fixture), RESOLVES)


def _with_gap(fixture: AlertFixture) -> tuple[Phase, ...]:
    """Return phases with the shortest gap that would resolve the alert without `keep_firing_for`.

    Traffic grows a thousandfold from phase to phase, so that the newest phase soon dominates a window.
    Raise ValueError where no gap is long enough for the signal and short enough for `keep_firing_for`.
    """
    levels = fixture.levels
    bad = fixture.at(levels.beyond(), Fraction(10))
    good = fixture.at(levels.short(50), Fraction(10_000))
    worse = fixture.at(levels.beyond(50), Fraction(10_000_000))
    unkept = Oracle(replace(fixture.alert, keep_firing=None), fixture.alert.evaluate, fixture.settling)
    keep = fixture.alert.keep_firing or 0
    for gap in range(fixture.alert.evaluate, keep + fixture.settling, fixture.alert.evaluate):
        phases = (
            fixture.lasting(bad, fixture.until_firing),
            Phase(-(-gap // fixture.spec.scrape), good),
            fixture.lasting(worse, fixture.until_firing),
            fixture.lasting(good, fixture.until_resolved),
        )
        script = fixture.script(*phases)
        if (
            states_of(unkept.moments(script)).count(True) == 2
            and states_of(fixture.oracle.moments(script)) == RESOLVES
        ):
            return phases
    raise ValueError("no gap that the signal shows is shorter than `keep_firing_for`")
