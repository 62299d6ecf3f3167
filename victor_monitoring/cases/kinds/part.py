"""The alert on a score, by each of its parts."""

from __future__ import annotations

from collections.abc import Iterator

from victor_monitoring.cases.plot import FIRES, SILENT, Plot, case_kind
from victor_monitoring.cases.stage import Stage


def _has_parts(stage: Stage) -> bool:
    return bool(stage.signal.kind.parts())


@case_kind(120, "part", _has_parts)
def part(stage: Stage) -> Iterator[Plot]:
    """Each part drags the value beyond the threshold; with that part alone at its best it is silent."""
    signal = stage.signal
    for name, with_it, without in signal.kind.leanings(signal, stage.levels.beyond(), stage.target()):
        lost = stage.lasting(with_it, stage.until_firing)
        yield Plot(f"mostly by {name}", (lost,), FIRES)
        yield Plot(f"the same without {name}", (stage.lasting(without, stage.until_firing),), SILENT)
