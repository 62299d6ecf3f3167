"""Rendered files on disk: atomic writing, and comparison with the current rendering of the specs.

The only package that writes artifacts. `write` and `compare` use the same survey of the disk: `compare`
reports the changes that `write` would make, and `write` leaves none for it to report.
"""

from __future__ import annotations

from victor_monitoring.outputs.comparison import compare
from victor_monitoring.outputs.drift import NEEDS_FORCE, Drift, DriftKind
from victor_monitoring.outputs.listing import FORMAT
from victor_monitoring.outputs.survey import Rendering, abandoned
from victor_monitoring.outputs.writing import WriteReport, write

__all__ = [
    "FORMAT",
    "NEEDS_FORCE",
    "Drift",
    "DriftKind",
    "Rendering",
    "WriteReport",
    "abandoned",
    "compare",
    "write",
]
