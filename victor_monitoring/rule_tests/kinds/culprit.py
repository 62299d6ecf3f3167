"""The alert names the culprit."""

from __future__ import annotations

from collections.abc import Iterator

from victor_monitoring.rule_tests.case_template import FIRES, CaseTemplate, case_kind
from victor_monitoring.rule_tests.fixture import AlertFixture
from victor_monitoring.rule_tests.noise import others
from victor_monitoring.signals.reading import relabelled


def _tells_apart(stage: AlertFixture) -> bool:
    return any(True for _ in others(stage))


@case_kind(110, "culprit", _tells_apart)
def culprit(stage: AlertFixture) -> Iterator[CaseTemplate]:
    """For each label that tells values apart: the one that is beyond the threshold is named, and it alone."""
    for label, other in others(stage):
        bad = (relabelled(stream, label, other) for stream in stage.beyond())
        phase = stage.lasting((*stage.short(), *bad), stage.until_firing)
        yield CaseTemplate(f"another {label} is beyond the threshold", (phase,), FIRES)
