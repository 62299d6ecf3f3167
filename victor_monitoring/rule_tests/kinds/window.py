"""The alert on a signal with a window."""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction

from victor_monitoring.rule_tests.case_template import FIRES, CaseTemplate, case_kind
from victor_monitoring.rule_tests.fixture import AlertFixture


def _has_window(fixture: AlertFixture) -> bool:
    return any(each.kind.is_windowed() for each in fixture.signals)


@case_kind(50, "window", _has_window)
def window(fixture: AlertFixture) -> Iterator[CaseTemplate]:
    """From 1% short of the threshold to 2% beyond, with even traffic: the time of firing shows the window."""
    traffic = Fraction(10)
    phases = (
        fixture.lasting(fixture.at(fixture.levels.short(), traffic), fixture.settling),
        fixture.lasting(fixture.at(fixture.levels.beyond(2), traffic), fixture.until_firing),
    )
    yield CaseTemplate("from 1% short of the threshold to 2% beyond", phases, FIRES)
