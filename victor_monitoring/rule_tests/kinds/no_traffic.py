"""The alert without traffic."""

from __future__ import annotations

from collections.abc import Iterator

from victor_monitoring.rule_tests.case_template import Plot, case_kind
from victor_monitoring.rule_tests.fixture import Stage, still


def _has_traffic(stage: Stage) -> bool:
    return any(stream.total for stream in stage.beyond())


@case_kind(60, "no-traffic", _has_traffic)
def no_traffic(stage: Stage) -> Iterator[Plot]:
    """The firing case with totals that stand still: whatever no traffic means for the signal."""
    streams = [still(stream) for stream in stage.beyond()]
    yield Plot("nothing happens", (stage.lasting(streams, stage.until_firing),), records=True)
