"""The alert while others are badly off."""

from __future__ import annotations

from collections.abc import Iterator

from victor_monitoring.rule_tests.case_template import SILENT, CaseTemplate, case_kind
from victor_monitoring.rule_tests.fixture import AlertFixture
from victor_monitoring.rule_tests.noise import elsewhere as target_elsewhere
from victor_monitoring.rule_tests.noise import recorded_elsewhere
from victor_monitoring.signals.signal import Stream


@case_kind(180, "elsewhere")
def elsewhere(stage: AlertFixture) -> Iterator[CaseTemplate]:
    """Targets that differ in one label of `select` are badly off, and ours are well: silent.

    Nothing of theirs is recorded; and what others have recorded under the same names is not read.
    """
    for matcher in stage.signal.select:
        about = f"another {matcher.label} is badly off"
        yield _plot(stage, about, matcher.label, target_elsewhere(stage, matcher.label), ())
        recorded = recorded_elsewhere(stage, matcher.label)
        for record, streams in recorded.items():
            yield _plot(stage, f"{about}, as {record} says", matcher.label, streams, (record,))
        tops = [each.record for each in stage.alert.signals if each.record in recorded]
        if len(tops) > 1:
            streams = tuple(stream for record in tops for stream in recorded[record])
            yield _plot(stage, f"{about}, as {' and '.join(tops)} say", matcher.label, streams, tuple(tops))


def _plot(
    stage: AlertFixture, about: str, label: str, streams: tuple[Stream, ...], said: tuple[str, ...]
) -> CaseTemplate:
    """Ours a little short of the threshold beside others, who have recorded some names themselves."""
    phase = stage.lasting((*stage.short(), *streams), stage.until_firing)
    unrecorded = tuple(each for each in stage.records if each not in said)
    return CaseTemplate(about, (phase,), SILENT, unrecorded=((label, unrecorded),))
