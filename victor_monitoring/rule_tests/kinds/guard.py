"""The alert whose second condition is not met."""

from __future__ import annotations

from collections.abc import Iterator

from victor_monitoring.rule_tests.case_template import FIRES, SILENT, CaseTemplate, case_kind
from victor_monitoring.rule_tests.fixture import AlertFixture


def _has_guard(stage: AlertFixture) -> bool:
    return stage.alert.guard is not None


@case_kind(130, "guard", _has_guard)
def guard(stage: AlertFixture) -> Iterator[CaseTemplate]:
    """Beyond the threshold, while `only_if` is 1% short of being met: silent. And at its threshold itself."""
    guard, levels = stage.alert.guard, stage.guard_levels
    if guard is None or levels is None:
        return
    streams = stage.guarded(stage.levels.beyond(), levels.short())
    yield CaseTemplate("`only_if` is not met", (stage.lasting(streams, stage.until_firing),), SILENT)
    fires = guard.condition.holds(levels.edge)
    bad = (stage.levels.beyond(percent) for percent in (1, 25, 50, 100))
    exact = stage.exactly(guard.signal, levels.edge, (stage.guarded(each, levels.edge) for each in bad))
    streams = exact or stage.guarded(stage.levels.beyond(), levels.hair(beyond=fires))
    about = "at its threshold" if exact else f"a millionth {'beyond' if fires else 'short of'} its threshold"
    phase = stage.lasting(streams, stage.until_firing)
    yield CaseTemplate(f"`only_if` is {about}", (phase,), FIRES if fires else SILENT)
