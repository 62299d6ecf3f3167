"""The alert while targets outside of its `select` are far beyond the threshold."""

from __future__ import annotations

from collections.abc import Iterator

from victor_monitoring.rule_tests.case_template import SILENT, CaseTemplate, case_kind
from victor_monitoring.rule_tests.fixture import AlertFixture
from victor_monitoring.rule_tests.joint import reads
from victor_monitoring.rule_tests.noise import recorded_outside, series_outside
from victor_monitoring.signals.streams import Stream


@case_kind(180, "elsewhere")
def elsewhere(fixture: AlertFixture) -> Iterator[CaseTemplate]:
    """Targets that differ in one label of `select` are far beyond the threshold: the alert stays silent.

    No series is recorded for them, and series that they have recorded under the same names are not read.
    """
    for label in fixture.signal.select.outside:
        about, outside = f"another {label} is far beyond the threshold", series_outside(fixture, label)
        yield _template(fixture, about, label, outside, ())
        recorded = recorded_outside(fixture, label)
        for record, streams in recorded.items():
            yield _template(fixture, f"{about}, as recorded in {record}", label, streams, (record,))
        tops = [each.record for each in fixture.alert.signals if each.record in recorded]
        others = [each for each in fixture.alert.signals if each.record not in recorded]
        if tops and len(fixture.alert.signals) > 1:
            found = (stream for record in tops for stream in recorded[record])
            unrecorded = (each for each in outside if any(reads(other, each) for other in others))
            streams = (*found, *unrecorded)
            names = " and ".join(tops)
            yield _template(fixture, f"{about}, as recorded in {names}", label, streams, tuple(tops))


def _template(
    fixture: AlertFixture, about: str, label: str, streams: tuple[Stream, ...], recorded: tuple[str, ...]
) -> CaseTemplate:
    """Return a case of a target a little short of the threshold next to streams of other targets.

    `recorded` are the names under which the other targets have recorded series themselves.
    """
    phase = fixture.lasting((*fixture.short(), *streams), fixture.until_firing)
    unrecorded = tuple(each for each in fixture.records if each not in recorded)
    return CaseTemplate(about, (phase,), SILENT, unrecorded=((label, unrecorded),))
