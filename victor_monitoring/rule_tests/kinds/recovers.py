"""The alert resolves."""

from __future__ import annotations

from collections.abc import Iterator

from victor_monitoring.rule_tests.case_template import RESOLVES, CaseTemplate, case_kind
from victor_monitoring.rule_tests.fixture import AlertFixture


@case_kind(40, "recovers")
def recovers(stage: AlertFixture) -> Iterator[CaseTemplate]:
    """Beyond the threshold until it fires, then short of it: resolved once the window has moved on."""
    phases = (
        stage.lasting(stage.beyond(), stage.until_firing),
        stage.lasting(stage.short(), stage.until_resolved),
    )
    yield CaseTemplate("short of the threshold again", phases, RESOLVES)
