"""The right one of several alerts on one signal."""

from __future__ import annotations

from collections.abc import Iterator

from victor_monitoring.rule_tests.case_template import FIRES, CaseTemplate, case_kind
from victor_monitoring.rule_tests.fixture import AlertFixture


def _is_one_of_several(stage: AlertFixture) -> bool:
    return any(stage.alert in pair for pair in stage.spec.escalations)


@case_kind(150, "severities", _is_one_of_several)
def severities(stage: AlertFixture) -> Iterator[CaseTemplate]:
    """Between the thresholds the milder alert fires alone; beyond both of them both fire."""
    for milder, severer in stage.spec.escalations:
        phase = stage.lasting(
            stage.beyond(), max(each.pending for each in (milder, severer)) + stage.until_firing
        )
        if stage.alert == milder:
            yield CaseTemplate(f"{severer.name} stays silent", (phase,), FIRES, ((severer, False),))
        elif stage.alert == severer:
            yield CaseTemplate(f"{milder.name} fires too", (phase,), FIRES, ((milder, True),))
