"""Output paths that not every system allows."""

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
    """An output's path names no file that every system can have.

    Somebody clones the repository on Windows or on a Mac. Git's own folder is not ours to write to.

    Bad: `rules: generated/alerts?.yaml`. Good: `rules: generated/alerts.yaml`.
    """
    for output, path in spec.outputs.items():
        reason = unfit(PurePosixPath(path))
        if reason and not leaves_root(path):
            yield Finding(("outputs", output), f"`{path}` {reason}", "choose a plain path below the root")
