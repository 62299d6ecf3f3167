"""The alert with two values at once."""

from __future__ import annotations

from collections.abc import Iterator

from victor_monitoring.rule_tests.case_template import FIRES, CaseTemplate, case_kind
from victor_monitoring.rule_tests.fixture import AlertFixture
from victor_monitoring.rule_tests.noise import other_label_values


def _has_several_values(fixture: AlertFixture) -> bool:
    return any(True for _ in other_label_values(fixture))


@case_kind(115, "two-values", _has_several_values)
def two_values(fixture: AlertFixture) -> Iterator[CaseTemplate]:
    """For each label that distinguishes values: two values are beyond the threshold, and both fire."""
    for label, other in other_label_values(fixture):
        streams = fixture.beyond()
        second = fixture.elsewhere(streams, label, other)
        phase = fixture.lasting((*streams, *second), fixture.until_firing)
        yield CaseTemplate(f"two values of {label} are beyond the threshold", (phase,), FIRES)
