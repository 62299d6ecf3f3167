"""Outputs with the same path."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import PurePosixPath

from victor_monitoring.checks.check import check
from victor_monitoring.language.resolved.spec import Resolved
from victor_monitoring.language.syntax.finding import Finding


@check("VM602", "clashing-outputs")
def clashing_outputs(spec: Resolved) -> Iterator[Finding]:
    """Two outputs have the same path, or the overlays of all contexts do.

    Each would overwrite the other.

    Bad: `overlays: deployment/overlays` with two contexts. Good: `overlays: deployment/overlays/{context}`.
    """
    first: dict[str, str] = {}
    for output, path in spec.outputs.items():
        other = first.setdefault(str(PurePosixPath(path)).casefold(), output)
        if other != output:
            yield Finding(
                ("outputs", output), f"`{path}` is the path of `{other}` too", "choose another path"
            )
    overlays = spec.outputs.get("overlays")
    if overlays is not None and "{context}" not in overlays:
        message = f"`{overlays}` does not name the context"
        yield Finding(("outputs", "overlays"), message, f"write `{overlays.rstrip('/')}/{{context}}`")
