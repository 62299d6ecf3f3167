"""The alert at the threshold of its guard."""

from __future__ import annotations

from collections.abc import Iterator

from victor_monitoring.rule_tests.case_template import FIRES, SILENT, CaseTemplate, case_kind
from victor_monitoring.rule_tests.fixture import AlertFixture


def _has_guard(fixture: AlertFixture) -> bool:
    return fixture.alert.guard is not None


@case_kind(130, "guard", _has_guard)
def guard(fixture: AlertFixture) -> Iterator[CaseTemplate]:
    """Beyond the threshold with `only_if` 1% short of being met: silent; then at the guard's own threshold.

    There it fires for `<=` and `>=` only. A guard that the alert's own signal always meets is never unmet.
    """
    guard, levels = fixture.alert.guard, fixture.guard_levels
    if guard is None or levels is None:
        return
    streams = fixture.guarded(fixture.levels.beyond(), levels.short())
    phase = fixture.lasting(streams, fixture.until_firing)
    yield CaseTemplate("`only_if` is not met", (phase,), SILENT, may_be_ruled_out=True)
    fires = guard.condition.holds(levels.threshold)
    bad = (fixture.levels.beyond(percent) for percent in (1, 25, 50, 100))
    exact = fixture.exactly(
        guard.signal, levels.threshold, (fixture.guarded(each, levels.threshold) for each in bad)
    )
    streams = exact or fixture.guarded(fixture.levels.beyond(), levels.closest(beyond=fires))
    about = "at its threshold" if exact else f"a millionth {'beyond' if fires else 'short of'} its threshold"
    phase = fixture.lasting(streams, fixture.until_firing)
    yield CaseTemplate(f"`only_if` is {about}", (phase,), FIRES if fires else SILENT, may_be_ruled_out=True)
