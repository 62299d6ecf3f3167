"""The alert fires."""

from __future__ import annotations

from collections.abc import Iterator

from victor_monitoring.rule_tests.case_template import FIRES, CaseTemplate, case_kind
from victor_monitoring.rule_tests.fixture import AlertFixture


@case_kind(10, "fires")
def fires(fixture: AlertFixture) -> Iterator[CaseTemplate]:
    """1% beyond the threshold: silent until `for` has passed, then firing with its labels and annotations."""
    yield CaseTemplate(
        "1% beyond the threshold",
        (fixture.lasting(fixture.beyond(), fixture.until_firing),),
        FIRES,
    )
