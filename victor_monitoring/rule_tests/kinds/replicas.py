"""The alert with several targets."""

from __future__ import annotations

from collections.abc import Iterator

from victor_monitoring.rule_tests.case_template import FIRES, SILENT, Plot, case_kind
from victor_monitoring.rule_tests.fixture import Stage


@case_kind(90, "replicas")
def replicas(stage: Stage) -> Iterator[Plot]:
    """Replicas that differ: judged together, or, where the signal tells instances apart, one by one."""
    if "instance" in stage.signal.labels:
        streams = (*stage.beyond(), *stage.short(instance="b"))
        phase = stage.lasting(streams, stage.until_firing)
        yield Plot("one beyond the threshold, one short of it", (phase,), FIRES)
    for level, fires in ((stage.levels.beyond(), True), (stage.levels.short(), False)):
        phase = stage.lasting(stage.spread(level), stage.until_firing)
        about = f"together 1% {'beyond' if fires else 'short of'} the threshold"
        yield Plot(about, (phase,), FIRES if fires else SILENT, records=True)
