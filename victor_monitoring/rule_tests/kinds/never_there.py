"""The alert where its series never were."""

from __future__ import annotations

from collections.abc import Iterator

from victor_monitoring.rule_tests.case_template import SILENT, CaseTemplate, case_kind
from victor_monitoring.rule_tests.fixture import AlertFixture
from victor_monitoring.rule_tests.monitoring import anchors, missing, up


@case_kind(170, "never-there")
def never_there(stage: AlertFixture) -> Iterator[CaseTemplate]:
    """The targets are up and do not have the alert's series: silent, and the missing component is named."""
    targets = [stage.target(), stage.target(instance="b")]
    lacking = {owner for each in stage.signals for owner in stage.owners(each)}
    streams = [each for there in targets for each in (up(there), *anchors(stage.spec, there, but=lacking))]
    phase = stage.lasting(streams, max(stage.until_firing, stage.until_monitored))
    told = tuple(missing(stage.spec, targets, lacking))
    yield CaseTemplate("the targets are up without them", (phase,), SILENT, monitoring=told, records=True)
