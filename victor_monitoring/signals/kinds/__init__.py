"""The kinds of signals, one in each module of this package."""

from __future__ import annotations

from typing import Final

from victor_monitoring.signals.discovery import classes
from victor_monitoring.signals.signal import SignalKind

KINDS: Final = {kind.NAME: kind for kind in classes(__name__, __path__, SignalKind)}  # type: ignore[type-abstract]  # of subclasses
