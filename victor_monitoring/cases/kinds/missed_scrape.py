"""The alert while one scrape fails."""

from __future__ import annotations

from collections.abc import Iterator

from victor_monitoring.cases.plot import FIRES, Plot, case_kind
from victor_monitoring.cases.script import Phase
from victor_monitoring.cases.stage import Stage


@case_kind(80, "missed-scrape")
def missed_scrape(stage: Stage) -> Iterator[Plot]:
    """A scrape fails at an evaluation while the condition is met: `for` goes on, and it fires in time."""
    spec, streams = stage.spec, stage.beyond()
    evaluations = -(-(stage.settling + stage.alert.pending // 2) // spec.evaluate)
    phases = (
        Phase(evaluations * spec.evaluate // spec.scrape, streams),
        Phase(1, streams, failed=True),
        stage.lasting(streams, stage.until_firing),
    )
    yield Plot("one scrape fails", phases, FIRES)
