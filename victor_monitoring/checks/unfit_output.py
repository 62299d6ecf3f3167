"""Output paths that are not valid on every system."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import PurePosixPath

from victor_monitoring.base.artifacts import unfit
from victor_monitoring.checks.check import check
from victor_monitoring.checks.output_outside_root import leaves_root
from victor_monitoring.language.resolved.meta import META_ALERTS
from victor_monitoring.language.resolved.spec import Resolved
from victor_monitoring.language.syntax.finding import Finding


@check("VM608", "unfit-output")
def unfit_output(spec: Resolved) -> Iterator[Finding]:
    """Paths of rendered files are not valid on every system, or belong to git.

    The repository must also be usable on Windows and macOS, which ignore case. Only git writes to its own
    folder. Runbooks have the names of alerts, and overlays those of contexts.

    Bad: `rules: generated/alerts?.yaml`, or an alert `Aux`. Good: `rules: generated/alerts.yaml`.
    """
    if spec.context is not None:
        if "overlays" in spec.outputs and (reason := unfit(PurePosixPath(spec.context))):
            message = f"the folder of `{spec.context}` {reason}"
            yield Finding(("contexts", spec.context), message, "rename it", on_key=True)
        return
    for output, path in spec.outputs.items():
        reason = unfit(PurePosixPath(path))
        if reason and not leaves_root(path):
            yield Finding(("outputs", output), f"`{path}` {reason}", "choose a plain path below the root")
    if "docs" in spec.outputs:
        yield from _unfit_pages(spec)


def _unfit_pages(spec: Resolved) -> Iterator[Finding]:
    """Yield the alerts whose runbooks cannot be in one folder, with each other and with other pages."""
    taken = {name.casefold(): name for name in ("README", *(META_ALERTS if spec.meta else ()))}
    for alert in spec.alerts:
        page, other = f"{alert.id}.md", taken.setdefault(alert.id.casefold(), alert.id)
        if reason := unfit(PurePosixPath(page)):
            yield Finding(alert.path, f"the runbook of `{alert.id}` {reason}", "rename it", on_key=True)
        elif other != alert.id:
            message = f"`{page}` and `{other}.md` are one file on systems that ignore case"
            yield Finding(alert.path, message, "rename the alert", on_key=True)
