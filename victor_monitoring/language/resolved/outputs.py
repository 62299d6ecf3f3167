"""The paths of rendered files."""

from __future__ import annotations

import re
from pathlib import PurePosixPath

from victor_monitoring.language.model import service as written
from victor_monitoring.language.resolved.spec import Resolved


def resolve_outputs(outputs: written.Outputs, name: str) -> dict[str, str]:
    """Return the path of each output that is on, relative to the root; defaults contain `name`."""
    found: dict[str, str] = {}
    for key in type(outputs).model_fields:
        path = getattr(outputs, key)
        if isinstance(path, str):
            is_default = key not in outputs.model_fields_set
            names = {"{service}": name, "{identifier}": identifier(name)} if is_default else {}
            for placeholder, value in names.items():
                path = path.replace(placeholder, value)
            found[key] = path
    return found


def identifier(name: str) -> str:
    """Return a service's name as an identifier of Python and Prometheus: without dashes, a letter first."""
    plain = re.sub(r"[^a-z0-9]+", "_", name)
    return plain if plain[0].isalpha() else f"svc_{plain}"


def artifact_path(spec: Resolved, output: str) -> PurePosixPath | None:
    """Return the path of an output's plain file; None if there is none.

    The file of a context is in its overlay, unless it is part of the context's Kubernetes objects: those are
    rendered unless its `kubernetes.objects` is null or the output `kubernetes` is off.
    """
    path = spec.outputs.get(output)
    if path is None or spec.context is None:
        return None if path is None else PurePosixPath(path)
    overlay = overlay_path(spec)
    is_held = spec.kubernetes.objects is not None and "kubernetes" in spec.outputs
    return None if overlay is None or is_held else overlay / PurePosixPath(path).name


def overlay_path(spec: Resolved) -> PurePosixPath | None:
    """Return the folder of a context's files; None if the output `overlays` is off."""
    overlays = spec.outputs.get("overlays")
    return PurePosixPath(overlays.replace("{context}", spec.context or "")) if overlays else None
