"""The alert names the culprit."""

from __future__ import annotations

from collections.abc import Iterator

from victor_monitoring.rule_tests.case_template import FIRES, CaseTemplate, case_kind
from victor_monitoring.rule_tests.fixture import AlertFixture
from victor_monitoring.rule_tests.noise import other_label_values


def _has_label_values(fixture: AlertFixture) -> bool:
    return any(True for _ in other_label_values(fixture))


@case_kind(110, "culprit", _has_label_values)
def culprit(fixture: AlertFixture) -> Iterator[CaseTemplate]:
    """For each label that distinguishes values: the alert fires for the value beyond the threshold only."""
    for label, other in other_label_values(fixture):
        bad = fixture.elsewhere(fixture.beyond(), label, other)
        phase = fixture.lasting((*fixture.short(), *bad), fixture.until_firing)
        yield CaseTemplate(f"another {label} is beyond the threshold", (phase,), FIRES)
