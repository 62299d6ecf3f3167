"""Names of severities that the spec does not define."""

from __future__ import annotations

import difflib
from collections.abc import Iterator
from typing import Final

from victor_monitoring.base.diagnostics import unknown_name_hint
from victor_monitoring.checks.check import check
from victor_monitoring.language.resolved.spec import Resolved
from victor_monitoring.language.syntax.finding import Finding

_ALMOST: Final = 0.8  # `critcal` is almost `critical`; `sev3` is not `sev2`


@check("VM106", "unknown-severity")
def unknown_severity(spec: Resolved) -> Iterator[Finding]:
    """No severity has the name that `meta` or a receiver gives, or almost that of an alert.

    Colours and inhibitions are made from the list of severities. Alerts may have other words, without colour
    and inhibition; one that is almost a severity is reported. Receivers may have the words of alerts too.

    Bad: `severity: critcal` with `severities: [warning, critical]`. Good: `severity: critical`.
    """
    others = {alert.severity for alert in spec.alerts if alert.severity is not None}
    for use in spec.as_written.unknown:
        if use.thing != "severity":
            continue
        if use.path[0] == "alerts":
            is_wrong = bool(difflib.get_close_matches(use.name, spec.severities, n=1, cutoff=_ALMOST))
        else:
            is_wrong = use.path[0] == "meta" or use.name not in others
        if is_wrong:
            hint = unknown_name_hint(use.name, spec.severities)
            yield Finding(use.path, f"unknown severity `{use.name}`", hint, use.part)
