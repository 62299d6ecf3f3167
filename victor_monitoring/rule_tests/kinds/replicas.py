"""The alert with several targets."""

from __future__ import annotations

from collections.abc import Iterator

from victor_monitoring.rule_tests.case_template import FIRES, SILENT, CaseTemplate, case_kind
from victor_monitoring.rule_tests.fixture import AlertFixture


@case_kind(90, "replicas", AlertFixture.has_replicas)
def replicas(fixture: AlertFixture) -> Iterator[CaseTemplate]:
    """Replicas that differ are judged together, or one by one where the signal is by instance."""
    if "instance" in fixture.signal.labels:
        streams = (*fixture.beyond(), *fixture.short(instance=fixture.targets[1]["instance"]))
        phase = fixture.lasting(streams, fixture.until_firing)
        yield CaseTemplate("one beyond the threshold, one short of it", (phase,), FIRES)
    for level, fires in ((fixture.levels.beyond(), True), (fixture.levels.short(), False)):
        phase = fixture.lasting(fixture.spread(level), fixture.until_firing)
        about = f"together 1% {'beyond' if fires else 'short of'} the threshold"
        yield CaseTemplate(about, (phase,), FIRES if fires else SILENT, records=True)
