"""The alert while others are badly off."""

from __future__ import annotations

from collections.abc import Iterator

from victor_monitoring.cases.plot import SILENT, Plot, case_kind
from victor_monitoring.cases.stage import Stage


@case_kind(180, "elsewhere")
def elsewhere(stage: Stage) -> Iterator[Plot]:
    """Targets that differ in one label of `select` are badly off, and ours are well: silent.

    Nothing of theirs is recorded; and what others have recorded under the same names is not read.
    """
    ours = stage.short()
    for matcher in stage.signal.select:
        theirs = stage.elsewhere(stage.worst(), matcher.label)
        phase = stage.lasting((*ours, *theirs), stage.until_firing)
        about = f"another {matcher.label} is badly off"
        yield Plot(about, (phase,), SILENT, unrecorded=((matcher.label, stage.records),))
        for record, streams in stage.recorded_elsewhere(matcher.label).items():
            phase = stage.lasting((*ours, *streams), stage.until_firing)
            others = tuple(each for each in stage.records if each != record)
            yield Plot(f"{about}, as {record} says", (phase,), SILENT, unrecorded=((matcher.label, others),))
