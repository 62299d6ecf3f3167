"""The specs of this repository, compiled."""

from __future__ import annotations

import datetime
import functools
from pathlib import Path

from victor_monitoring.app.pipeline import Compiled, compile_spec
from victor_monitoring.base.spec_file import read
from victor_monitoring.language.resolved.spec import Resolved

ROOT = Path(__file__).resolve().parents[2]
PATHS = [ROOT / "specs" / "performance.yaml", ROOT / "tests" / "checkout.yaml"]
TODAY = datetime.date(2026, 11, 23)


@functools.cache
def compiled(path: Path) -> Compiled:
    """Return a compiled spec."""
    return compile_spec(read(path, path.name), today=TODAY)


def resolved(path: Path) -> list[Resolved]:
    """Return a spec resolved for base and for every context."""
    found = compiled(path)
    assert found.base is not None
    return [found.base, *found.contexts.values()]
