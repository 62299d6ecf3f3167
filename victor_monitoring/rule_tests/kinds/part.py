"""The alert on a score, by each of its parts."""

from __future__ import annotations

from collections.abc import Iterator

from victor_monitoring.rule_tests.case_template import RESOLVES, SILENT, CaseTemplate, case_kind
from victor_monitoring.rule_tests.fixture import AlertFixture


def _has_parts(stage: AlertFixture) -> bool:
    return bool(stage.signal.kind.parts())


@case_kind(120, "part", _has_parts)
def part(stage: AlertFixture) -> Iterator[CaseTemplate]:
    """Each part drags the value beyond the threshold; with it at its best, or gone, there is silence.

    The replicas differ, and every part that costs something is recorded as such.
    """
    signal = stage.signal
    for leaning in signal.kind.leanings(signal, stage.levels.beyond(), stage.replicas()):
        phases = (
            stage.lasting(leaning.lost, stage.until_firing),
            stage.lasting(leaning.gone, stage.until_resolved),
        )
        yield CaseTemplate(f"mostly by {leaning.part}, until it is gone", phases, RESOLVES)
        healthy = stage.lasting(leaning.at_best, stage.until_firing)
        yield CaseTemplate(f"the same with {leaning.part} at its best", (healthy,), SILENT)
        lost = stage.lasting(leaning.lost, stage.settling)
        yield CaseTemplate(f"what is lost by {leaning.part}", (lost,), records=True)
