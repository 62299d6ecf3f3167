"""The alert without traffic."""

from __future__ import annotations

from collections.abc import Iterator

from victor_monitoring.rule_tests.case_template import CaseTemplate, case_kind
from victor_monitoring.rule_tests.fixture import AlertFixture, still


def _has_traffic(stage: AlertFixture) -> bool:
    return any(stream.total for stream in stage.beyond())


@case_kind(60, "no-traffic", _has_traffic)
def no_traffic(stage: AlertFixture) -> Iterator[CaseTemplate]:
    """The firing case with totals that stand still: whatever no traffic means for the signal."""
    streams = [still(stream) for stream in stage.beyond()]
    yield CaseTemplate("nothing happens", (stage.lasting(streams, stage.until_firing),), records=True)
