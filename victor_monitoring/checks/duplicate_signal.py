"""Signals with the same definition."""

from __future__ import annotations

from collections.abc import Iterator

from victor_monitoring.checks.check import check
from victor_monitoring.language.resolved.spec import Resolved
from victor_monitoring.language.syntax.finding import Finding
from victor_monitoring.promql.tree import Expr


@check("VM209", "duplicate-signal")
def duplicate_signal(spec: Resolved) -> Iterator[Finding]:
    """Two signals have the same definition.

    Two names for one number get two sets of thresholds, and at least one of the names is wrong.

    Bad: the P95 of tool selection and of tool execution, both read from one histogram. Good: a histogram
    for each, or one signal.
    """
    first: dict[Expr, str] = {}
    for signal in spec.signals.values():
        other = first.setdefault(signal.definition(), signal.name)
        if other != signal.name:
            message = f"`{signal.name}` is the same as `{other}`"
            hint = "use one signal, or read the metric that it is named after"
            yield Finding(("signals", signal.name), message, hint, on_key=True)
