"""Output paths that are not valid on every system."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import PurePosixPath

from victor_monitoring.base.artifacts import unfit
from victor_monitoring.checks.check import check
from victor_monitoring.checks.output_outside_root import leaves_root
from victor_monitoring.language.resolved.spec import Resolved
from victor_monitoring.language.syntax.finding import Finding


@check("VM608", "unfit-output")
def unfit_output(spec: Resolved) -> Iterator[Finding]:
    """Paths under `outputs` are not valid on every system, or belong to git.

    The repository must also be usable on Windows and macOS. Only git writes to its own folder.

    Bad: `rules: generated/alerts?.yaml`. Good: `rules: generated/alerts.yaml`.
    """
    for output, path in spec.outputs.items():
        reason = unfit(PurePosixPath(path))
        if reason and not leaves_root(path):
            yield Finding(("outputs", output), f"`{path}` {reason}", "choose a plain path below the root")
