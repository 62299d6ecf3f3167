"""Where a renderer's file goes, for base and for a context."""

from __future__ import annotations

from pathlib import PurePosixPath

from victor_monitoring.resolved.spec import Resolved


def artifact_path(spec: Resolved, output: str) -> PurePosixPath | None:
    """The path of an output's plain file; None where the output is off.

    A context's stands in its overlay, unless the context gets Kubernetes objects, which hold it: those are
    rendered unless the context says `component: null` or the output `kubernetes` is off.
    """
    path = spec.outputs.get(output)
    if path is None or spec.context is None:
        return None if path is None else PurePosixPath(path)
    overlay = overlay_path(spec)
    is_held = spec.component is not None and "kubernetes" in spec.outputs
    return None if overlay is None or is_held else overlay / PurePosixPath(path).name


def overlay_path(spec: Resolved) -> PurePosixPath | None:
    """The folder of a context's files; None where overlays are off."""
    overlays = spec.outputs.get("overlays")
    return PurePosixPath(overlays.replace("{context}", spec.context or "")) if overlays else None
