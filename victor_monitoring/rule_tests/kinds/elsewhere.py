"""The alert while others are badly off."""

from __future__ import annotations

from collections.abc import Iterator

from victor_monitoring.rule_tests.case_template import SILENT, CaseTemplate, case_kind
from victor_monitoring.rule_tests.fixture import AlertFixture
from victor_monitoring.rule_tests.noise import recorded_outside
from victor_monitoring.rule_tests.noise import series_outside as target_elsewhere
from victor_monitoring.signals.signal import Stream


@case_kind(180, "elsewhere")
def elsewhere(fixture: AlertFixture) -> Iterator[CaseTemplate]:
    """Targets that differ in one label of `select` are badly off, and ours are well: silent.

    Nothing of theirs is recorded; and what others have recorded under the same names is not read.
    """
    for matcher in fixture.signal.select:
        about = f"another {matcher.label} is badly off"
        yield _template(fixture, about, matcher.label, target_elsewhere(fixture, matcher.label), ())
        recorded = recorded_outside(fixture, matcher.label)
        for record, streams in recorded.items():
            yield _template(fixture, f"{about}, as {record} says", matcher.label, streams, (record,))
        tops = [each.record for each in fixture.alert.signals if each.record in recorded]
        if len(tops) > 1:
            streams = tuple(stream for record in tops for stream in recorded[record])
            yield _template(
                fixture, f"{about}, as {' and '.join(tops)} say", matcher.label, streams, tuple(tops)
            )


def _template(
    fixture: AlertFixture, about: str, label: str, streams: tuple[Stream, ...], said: tuple[str, ...]
) -> CaseTemplate:
    """Ours a little short of the threshold beside others, who have recorded some names themselves."""
    phase = fixture.lasting((*fixture.short(), *streams), fixture.until_firing)
    unrecorded = tuple(each for each in fixture.records if each not in said)
    return CaseTemplate(about, (phase,), SILENT, unrecorded=((label, unrecorded),))
