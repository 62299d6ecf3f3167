"""Names of signals that the spec does not define."""

from __future__ import annotations

from collections.abc import Iterator

from victor_monitoring.base.diagnostics import unknown_name_hint
from victor_monitoring.checks.check import check
from victor_monitoring.language.resolved.spec import Resolved
from victor_monitoring.language.syntax.finding import Finding


@check("VM104", "unknown-signal")
def unknown_signal(spec: Resolved) -> Iterator[Finding]:
    """No signal has the name that an alert, a guard, a score or a panel gives.

    Without an expression, it could neither fire nor show data.

    Bad: `signal: p99_latncy`. Good: the name of a signal under `signals`.
    """
    for use in spec.as_written.unknown:
        if use.thing == "signal":
            hint = unknown_name_hint(use.name, spec.as_written.signals, "declare it under `signals`")
            yield Finding(use.path, f"unknown signal `{use.name}`", hint, use.part)
