"""The alert stays silent a little before its threshold."""

from __future__ import annotations

from collections.abc import Iterator

from victor_monitoring.rule_tests.case_template import SILENT, CaseTemplate, case_kind
from victor_monitoring.rule_tests.fixture import AlertFixture


@case_kind(20, "short")
def short(fixture: AlertFixture) -> Iterator[CaseTemplate]:
    """1% short of the threshold: silent, however long it lasts."""
    phase = fixture.lasting(fixture.short(), fixture.until_firing)
    yield CaseTemplate("1% short of the threshold", (phase,), SILENT)
