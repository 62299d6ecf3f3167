"""The alert when its targets vanish."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from fractions import Fraction

from victor_monitoring.rule_tests.case_template import RESOLVES, CaseTemplate, case_kind
from victor_monitoring.rule_tests.fixture import AlertFixture
from victor_monitoring.rule_tests.meta_alerts import absent, down


@case_kind(160, "vanished")
def vanished(fixture: AlertFixture) -> Iterator[CaseTemplate]:
    """If the target goes down while the alert fires, it resolves and the meta alerts fire."""
    up = fixture.up()
    after = max(fixture.until_resolved, fixture.until_monitored)
    phases = (
        fixture.lasting((*fixture.beyond(50), up), fixture.until_firing),
        fixture.lasting([replace(up, start=Fraction(0))], after),
    )
    firing = (*down(fixture.spec, dict(up.labels)), *absent(fixture.spec))
    yield CaseTemplate("the target goes down", phases, RESOLVES, meta_alerts=firing, records=True)
