"""Renderers: pure functions from the resolved spec to artifacts, one module per output."""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Collection, Iterator

from victor_monitoring.base.artifacts import Artifact
from victor_monitoring.language.resolved.spec import Resolved

# Every other module of this package renders the output of its name.
_SHARED = frozenset({"yaml_text"})


def rendered_outputs() -> list[str]:
    """Return the keys of `outputs` that have a renderer."""
    return [found.name for found in pkgutil.iter_modules(__path__) if found.name not in _SHARED]


def render(spec: Resolved, outputs: Collection[str] | None = None) -> Iterator[Artifact]:
    """Yield the artifacts of the spec, of all `outputs` or of those named; import only their renderers."""
    for output in rendered_outputs():
        if output in spec.outputs and (outputs is None or output in outputs):
            yield from importlib.import_module(f"{__name__}.{output}").render(spec)
