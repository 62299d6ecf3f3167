"""The alert on a score, by each of its parts."""

from __future__ import annotations

from collections.abc import Iterator

from victor_monitoring.rule_tests.case_template import RESOLVES, SILENT, CaseTemplate, case_kind
from victor_monitoring.rule_tests.fixture import AlertFixture
from victor_monitoring.signals.synthesis import synthesis


def _has_parts(fixture: AlertFixture) -> bool:
    return bool(fixture.signal.kind.parts())


@case_kind(120, "part", _has_parts)
def part(fixture: AlertFixture) -> Iterator[CaseTemplate]:
    """Each part brings the score beyond the threshold; with that part at its best or absent, it is silent.

    The replicas differ, and the points lost by each part are recorded.
    """
    signal = fixture.signal
    for dominant_part in synthesis(signal).dominant_parts(fixture.levels.beyond(), fixture.replicas()):
        phases = (
            fixture.lasting(fixture.with_guards(dominant_part.lost), fixture.until_firing),
            fixture.lasting(fixture.with_guards(dominant_part.gone), fixture.until_resolved),
        )
        yield CaseTemplate(f"mostly by {dominant_part.part}, until it is gone", phases, RESOLVES)
        healthy = fixture.lasting(fixture.with_guards(dominant_part.at_best), fixture.until_firing)
        yield CaseTemplate(f"the same with {dominant_part.part} at its best", (healthy,), SILENT)
        lost = fixture.lasting(fixture.with_guards(dominant_part.lost), fixture.settling)
        yield CaseTemplate(f"the points lost by {dominant_part.part}", (lost,), records=True)
