"""Output paths that lead out of the root."""

from __future__ import annotations

import re
from collections.abc import Iterator

from victor_monitoring.checks.check import check
from victor_monitoring.language.resolved.spec import Resolved
from victor_monitoring.language.syntax.finding import Finding


@check("VM601", "output-outside-root")
def output_outside_root(spec: Resolved) -> Iterator[Finding]:
    """Paths under `outputs` are absolute or lead out of the root.

    Files are written below the root only, so a spec cannot overwrite any other file.

    Bad: `rules: ../../etc/rules.yaml`. Good: `rules: generated/rules.yaml`.
    """
    for output, path in spec.outputs.items():
        if leaves_root(path):
            message = f"`{path}` is not below the root"
            yield Finding(("outputs", output), message, "write a path relative to the root, without `..`")


def leaves_root(path: str) -> bool:
    """Return whether a path leads out of the folder that it is relative to, on any operating system."""
    flat = path.replace("\\", "/")
    return flat.startswith("/") or ".." in flat.split("/") or re.match(r"[A-Za-z]:", flat) is not None
