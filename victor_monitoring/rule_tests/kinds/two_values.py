"""The alert with two values at once."""

from __future__ import annotations

from collections.abc import Iterator

from victor_monitoring.rule_tests.case_template import FIRES, CaseTemplate, case_kind
from victor_monitoring.rule_tests.fixture import AlertFixture
from victor_monitoring.rule_tests.noise import others
from victor_monitoring.signals.reading import relabelled


def _has_several_values(stage: AlertFixture) -> bool:
    return any(True for _ in others(stage))


@case_kind(115, "two-values", _has_several_values)
def two_values(stage: AlertFixture) -> Iterator[CaseTemplate]:
    """For each label by which values differ: two of them are beyond the threshold, and both fire."""
    for label, other in others(stage):
        streams = stage.beyond()
        second = (relabelled(stream, label, other) for stream in streams)
        phase = stage.lasting((*streams, *second), stage.until_firing)
        yield CaseTemplate(f"two values of {label} are beyond the threshold", (phase,), FIRES)
