"""The alert while the service restarts."""

from __future__ import annotations

from collections.abc import Iterator

from victor_monitoring.rule_tests.case_template import FIRES, SILENT, CaseTemplate, case_kind
from victor_monitoring.rule_tests.fixture import AlertFixture


def _has_traffic(fixture: AlertFixture) -> bool:
    return any(stream.total for stream in fixture.beyond())


@case_kind(70, "reset", _has_traffic)
def reset(fixture: AlertFixture) -> Iterator[CaseTemplate]:
    """Totals begin again at 0, as after a restart: a firing alert keeps firing, a silent one stays silent."""
    for streams, fires in ((fixture.beyond(), True), (fixture.short(), False)):
        phases = (
            fixture.lasting(streams, fixture.settling),
            fixture.lasting(streams, fixture.until_firing, restarted=True),
        )
        about = "1% beyond the threshold" if fires else "1% short of the threshold"
        yield CaseTemplate(about, phases, FIRES if fires else SILENT)
