"""The alert at its threshold itself."""

from __future__ import annotations

from collections.abc import Iterator

from victor_monitoring.rule_tests.case_template import FIRES, SILENT, CaseTemplate, case_kind
from victor_monitoring.rule_tests.fixture import AlertFixture


@case_kind(30, "threshold")
def threshold(stage: AlertFixture) -> Iterator[CaseTemplate]:
    """At the threshold itself: silent for `<` and `>`, firing for `<=` and `>=`.

    The traffic is chosen so that floating-point arithmetic meets the threshold exactly, in every supported
    version of Prometheus. Where none does, the case lies a millionth to the side on which it is silent.
    """
    fires = stage.alert.condition.holds(stage.levels.edge)
    exact = stage.exactly(stage.signal, stage.levels.edge, stage.totals(stage.levels.edge))
    streams = exact or stage.at(stage.levels.hair(beyond=fires))
    about = (
        "at the threshold itself"
        if exact
        else f"a millionth {'beyond' if fires else 'short of'} the threshold"
    )
    yield CaseTemplate(
        about,
        (stage.lasting(streams, stage.until_firing),),
        FIRES if fires else SILENT,
    )
