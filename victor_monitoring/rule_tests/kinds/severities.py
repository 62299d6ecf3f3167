"""The alert next to another alert of the same signal with another severity."""

from __future__ import annotations

from collections.abc import Iterator

from victor_monitoring.rule_tests.case_template import FIRES, CaseTemplate, case_kind
from victor_monitoring.rule_tests.fixture import AlertFixture


def _is_one_of_several(fixture: AlertFixture) -> bool:
    return any(fixture.alert in pair for pair in fixture.spec.escalations)


@case_kind(150, "severities", _is_one_of_several)
def severities(fixture: AlertFixture) -> Iterator[CaseTemplate]:
    """Between the thresholds the milder alert fires alone; beyond both of them both fire."""
    for milder, severer in fixture.spec.escalations:
        phase = fixture.lasting(
            fixture.beyond(), max(each.pending for each in (milder, severer)) + fixture.until_firing
        )
        if fixture.alert == milder:
            yield CaseTemplate(f"{severer.id} stays silent", (phase,), FIRES, ((severer, False),))
        elif fixture.alert == severer:
            yield CaseTemplate(f"{milder.id} fires too", (phase,), FIRES, ((milder, True),))
