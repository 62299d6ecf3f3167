"""Names of severities that the spec does not define."""

from __future__ import annotations

from collections.abc import Iterator

from victor_monitoring.base.diagnostics import unknown_name_hint
from victor_monitoring.checks.check import check
from victor_monitoring.language.resolved.spec import Resolved
from victor_monitoring.language.syntax.finding import Finding


@check("VM106", "unknown-severity")
def unknown_severity(spec: Resolved) -> Iterator[Finding]:
    """No severity has the name that an alert, `meta` or a receiver gives.

    Colours, routes and inhibitions are made from the list of severities: such an alert reaches no receiver.

    Bad: `severity: page` with `severities: [warning, critical]`. Good: `severity: critical`.
    """
    for use in spec.as_written.unknown:
        if use.thing == "severity":
            hint = unknown_name_hint(use.name, spec.severities)
            yield Finding(use.path, f"unknown severity `{use.name}`", hint, use.part)
