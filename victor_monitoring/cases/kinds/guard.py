"""The alert whose second condition is not met."""

from __future__ import annotations

from collections.abc import Iterator

from victor_monitoring.cases.plot import SILENT, Plot, case_kind
from victor_monitoring.cases.stage import Stage


def _has_guard(stage: Stage) -> bool:
    return stage.alert.guard is not None


@case_kind(130, "guard", _has_guard)
def guard(stage: Stage) -> Iterator[Plot]:
    """Beyond the threshold, while `only_if` is 1% short of being met: silent."""
    if stage.guard_levels is not None:
        streams = stage.guarded(stage.levels.beyond(), stage.guard_levels.short())
        yield Plot("`only_if` is not met", (stage.lasting(streams, stage.until_firing),), SILENT)
