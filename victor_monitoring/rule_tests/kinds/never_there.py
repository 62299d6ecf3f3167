"""The alert where its series never existed."""

from __future__ import annotations

from collections.abc import Iterator

from victor_monitoring.rule_tests.case_template import SILENT, CaseTemplate, case_kind
from victor_monitoring.rule_tests.fixture import AlertFixture
from victor_monitoring.rule_tests.meta_alerts import anchors, missing, up


@case_kind(170, "never-there")
def never_there(fixture: AlertFixture) -> Iterator[CaseTemplate]:
    """Targets are up without the alert's series: it is silent, and `MetricMissing` names the component."""
    absent = {owner for each in fixture.signals for owner in fixture.owners(each)}
    streams = [
        each
        for target in fixture.targets
        for each in (up(target), *anchors(fixture.spec, target, but=absent))
    ]
    phase = fixture.lasting(streams, max(fixture.until_firing, fixture.until_monitored))
    firing = tuple(missing(fixture.spec, fixture.targets, absent))
    yield CaseTemplate(
        "the targets are up without its series", (phase,), SILENT, meta_alerts=firing, records=True
    )
