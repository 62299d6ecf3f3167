"""The alert without traffic."""

from __future__ import annotations

from collections.abc import Iterator

from victor_monitoring.rule_tests.case_template import CaseTemplate, case_kind
from victor_monitoring.rule_tests.fixture import AlertFixture, still


def _has_traffic(fixture: AlertFixture) -> bool:
    return any(stream.total for stream in fixture.beyond())


@case_kind(60, "no-traffic", _has_traffic)
def no_traffic(fixture: AlertFixture) -> Iterator[CaseTemplate]:
    """As in `fires`, with totals that do not grow: the state depends on the kind of signal."""
    streams = [still(stream) for stream in fixture.beyond()]
    yield CaseTemplate("no total grows", (fixture.lasting(streams, fixture.until_firing),), records=True)
