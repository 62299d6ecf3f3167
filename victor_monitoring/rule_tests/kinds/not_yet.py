"""The alert on something that has not happened yet."""

from __future__ import annotations

from collections.abc import Iterator

from victor_monitoring.rule_tests.case_template import SILENT, CaseTemplate, case_kind
from victor_monitoring.rule_tests.fixture import AlertFixture
from victor_monitoring.signals.streams import Stream
from victor_monitoring.signals.synthesis import synthesis


def _not_yet(fixture: AlertFixture) -> tuple[Stream, ...]:
    return synthesis(fixture.signal).not_yet(fixture.target())


@case_kind(65, "not-yet", lambda fixture: bool(_not_yet(fixture)))
def not_yet(fixture: AlertFixture) -> Iterator[CaseTemplate]:
    """At 0 for longer than the threshold, as before something happens for the first time: silent."""
    threshold = abs(fixture.levels.threshold) * 1000
    phase = fixture.lasting(_not_yet(fixture), int(threshold) + fixture.until_firing)
    yield CaseTemplate("it has not happened yet", (phase,), SILENT)
