"""The alert at its threshold itself."""

from __future__ import annotations

from collections.abc import Iterator

from victor_monitoring.rule_tests.case_template import FIRES, SILENT, CaseTemplate, case_kind
from victor_monitoring.rule_tests.fixture import AlertFixture


@case_kind(30, "threshold")
def threshold(fixture: AlertFixture) -> Iterator[CaseTemplate]:
    """At the threshold itself: silent for `<` and `>`, firing for `<=` and `>=`.

    The traffic is chosen so that floating-point arithmetic yields the threshold exactly, in every supported
    version of Prometheus. Where no traffic does, the level is a millionth beyond the threshold for `<=` and
    `>=`, and a millionth short of it for `<` and `>`.
    """
    fires = fixture.alert.condition.holds(fixture.levels.threshold)
    exact = fixture.exactly(
        fixture.signal, fixture.levels.threshold, fixture.totals(fixture.levels.threshold)
    )
    streams = exact or fixture.at(fixture.levels.closest(beyond=fires))
    about = (
        "at the threshold itself"
        if exact
        else f"a millionth {'beyond' if fires else 'short of'} the threshold"
    )
    yield CaseTemplate(
        about,
        (fixture.lasting(streams, fixture.until_firing),),
        FIRES if fires else SILENT,
    )
