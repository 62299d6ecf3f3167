"""The alert where its series never were."""

from __future__ import annotations

from collections.abc import Iterator

from victor_monitoring.rule_tests.case_template import SILENT, CaseTemplate, case_kind
from victor_monitoring.rule_tests.fixture import AlertFixture
from victor_monitoring.rule_tests.monitoring import anchors, missing, up


@case_kind(170, "never-there")
def never_there(fixture: AlertFixture) -> Iterator[CaseTemplate]:
    """The targets are up and do not have the alert's series: silent, and the missing component is named."""
    targets = [fixture.target(), fixture.target(instance="b")]
    lacking = {owner for each in fixture.signals for owner in fixture.owners(each)}
    streams = [each for there in targets for each in (up(there), *anchors(fixture.spec, there, but=lacking))]
    phase = fixture.lasting(streams, max(fixture.until_firing, fixture.until_monitored))
    told = tuple(missing(fixture.spec, targets, lacking))
    yield CaseTemplate("the targets are up without them", (phase,), SILENT, monitoring=told, records=True)
