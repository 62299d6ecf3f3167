"""Rendered files on disk: written whole or not at all, and compared with what the specs render now.

The only place that writes artifacts. `write` and `compare` judge by the same survey of the disk, so that
`compare` reports what `write` would change, and `write` leaves nothing for `compare` to report.
"""

from __future__ import annotations

from victor_monitoring.outputs.comparison import compare
from victor_monitoring.outputs.drift import Drift, DriftKind
from victor_monitoring.outputs.listing import FORMAT
from victor_monitoring.outputs.survey import Rendering, abandoned
from victor_monitoring.outputs.writing import WriteReport, write

__all__ = ["FORMAT", "Drift", "DriftKind", "Rendering", "WriteReport", "abandoned", "compare", "write"]
