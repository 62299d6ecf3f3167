"""The alert resolves."""

from __future__ import annotations

from collections.abc import Iterator

from victor_monitoring.rule_tests.case_template import RESOLVES, CaseTemplate, case_kind
from victor_monitoring.rule_tests.fixture import AlertFixture


@case_kind(40, "recovers")
def recovers(fixture: AlertFixture) -> Iterator[CaseTemplate]:
    """Beyond the threshold until it fires, then short of it: it resolves once the window has passed."""
    phases = (
        fixture.lasting(fixture.beyond(), fixture.until_firing),
        fixture.lasting(fixture.short(), fixture.until_resolved),
    )
    yield CaseTemplate("short of the threshold again", phases, RESOLVES)
