"""Output formats of diagnostics: each module is one format, and its `report` renders it."""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Sequence
from typing import Protocol, cast

from victor_monitoring.base.diagnostics import Diagnostic


class Reporter(Protocol):
    """A function that renders diagnostics, in their order, as one text that ends in a newline."""

    def __call__(self, diagnostics: Sequence[Diagnostic], *, colour: bool = False) -> str:
        """Return the text; `colour` is for terminals, and formats for machines ignore it."""
        ...


FORMATS = tuple(sorted(each.name for each in pkgutil.iter_modules(__path__) if not each.name.startswith("_")))


def reporter(name: str) -> Reporter:
    """Return the reporter of the format `name`, one of FORMATS; only its own module is imported."""
    if name not in FORMATS:
        raise KeyError(name)
    return cast("Reporter", importlib.import_module(f"{__name__}.{name}").report)
