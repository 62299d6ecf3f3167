"""The alert while the service restarts."""

from __future__ import annotations

from collections.abc import Iterator

from victor_monitoring.rule_tests.case_template import FIRES, SILENT, CaseTemplate, case_kind
from victor_monitoring.rule_tests.fixture import AlertFixture


def _has_traffic(stage: AlertFixture) -> bool:
    return any(stream.total for stream in stage.beyond())


@case_kind(70, "reset", _has_traffic)
def reset(stage: AlertFixture) -> Iterator[CaseTemplate]:
    """Totals begin anew at 0, as after a restart: an alert that fires goes on, a silent one stays silent."""
    for streams, fires in ((stage.beyond(), True), (stage.short(), False)):
        phases = (
            stage.lasting(streams, stage.settling),
            stage.lasting(streams, stage.until_firing, restarted=True),
        )
        about = "1% beyond the threshold" if fires else "1% short of the threshold"
        yield CaseTemplate(about, phases, FIRES if fires else SILENT)
