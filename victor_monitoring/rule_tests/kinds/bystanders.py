"""The alert next to series that it must not read."""

from __future__ import annotations

from collections.abc import Iterator

from victor_monitoring.rule_tests.case_template import FIRES, SILENT, CaseTemplate, case_kind
from victor_monitoring.rule_tests.fixture import AlertFixture
from victor_monitoring.rule_tests.noise import noise_series


def _has_noise(fixture: AlertFixture) -> bool:
    return bool(noise_series(fixture))


@case_kind(100, "bystanders", _has_noise)
def bystanders(fixture: AlertFixture) -> Iterator[CaseTemplate]:
    """Series of the same metrics with other labels and much traffic do not change the result."""
    for streams, fires in ((fixture.beyond(), True), (fixture.short(), False)):
        phase = fixture.lasting((*streams, *noise_series(fixture)), fixture.until_firing)
        about = f"1% {'beyond' if fires else 'short of'} the threshold"
        yield CaseTemplate(about, (phase,), FIRES if fires else SILENT)
