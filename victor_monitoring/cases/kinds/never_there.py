"""The alert where its series never were."""

from __future__ import annotations

from collections.abc import Iterator

from victor_monitoring.cases.monitoring import anchors, missing
from victor_monitoring.cases.plot import SILENT, Plot, case_kind
from victor_monitoring.cases.stage import Stage


@case_kind(170, "never-there")
def never_there(stage: Stage) -> Iterator[Plot]:
    """The target is up and does not have the alert's series: silent, and the missing component is named."""
    up = stage.up()
    lacking = {owner for each in stage.signals for owner in stage.owners(each)}
    streams = (up, *anchors(stage.spec, dict(up.labels), but=lacking))
    phase = stage.lasting(streams, max(stage.until_firing, stage.until_monitored))
    told = tuple(missing(stage.spec, dict(up.labels), lacking))
    yield Plot("the target is up without them", (phase,), SILENT, monitoring=told)
