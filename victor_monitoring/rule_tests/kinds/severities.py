"""The right one of several alerts on one signal."""

from __future__ import annotations

from collections.abc import Iterator

from victor_monitoring.rule_tests.case_template import FIRES, Plot, case_kind
from victor_monitoring.rule_tests.fixture import Stage


def _is_one_of_several(stage: Stage) -> bool:
    return any(stage.alert in pair for pair in stage.spec.escalations)


@case_kind(150, "severities", _is_one_of_several)
def severities(stage: Stage) -> Iterator[Plot]:
    """Between the thresholds the milder alert fires alone; beyond both of them both fire."""
    for milder, severer in stage.spec.escalations:
        phase = stage.lasting(
            stage.beyond(), max(each.pending for each in (milder, severer)) + stage.until_firing
        )
        if stage.alert == milder:
            yield Plot(f"{severer.name} stays silent", (phase,), FIRES, ((severer, False),))
        elif stage.alert == severer:
            yield Plot(f"{milder.name} fires too", (phase,), FIRES, ((milder, True),))
