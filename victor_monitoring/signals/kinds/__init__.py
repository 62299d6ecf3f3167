"""The kinds of signals, one in each module of this package."""

from __future__ import annotations

import importlib
import pkgutil
from typing import Final

from victor_monitoring.signals.signal import SignalKind


def _kinds() -> dict[str, type[SignalKind]]:
    names = [found.name for found in pkgutil.iter_modules(__path__)]
    modules = [importlib.import_module(f"{__name__}.{name}") for name in names]
    kinds = (
        each
        for module in modules
        for each in vars(module).values()
        if isinstance(each, type) and issubclass(each, SignalKind) and each.__module__ == module.__name__
    )
    return {kind.NAME: kind for kind in kinds}


KINDS: Final = _kinds()
