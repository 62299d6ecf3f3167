"""Equality with values that are computed in floating point."""

from __future__ import annotations

from collections.abc import Iterator

from victor_monitoring.checks.check import check
from victor_monitoring.language.resolved.spec import Resolved
from victor_monitoring.language.syntax.finding import Finding


@check("VM307", "inexact-equality")
def inexact_equality(spec: Resolved) -> Iterator[Finding]:
    """Equality with a threshold is asked of computed values.

    Rates, averages and increases are fractions, and rounded: they rarely equal a number exactly. The values
    of gauges and counts do.

    Bad: `when: "== 0/s"` of a rate. Good: `when: "< 0.1/s"`.
    """
    for alert in spec.alerts:
        for path, signal, condition in alert.conditions:
            if condition.op in ("==", "!=") and not signal.kind.is_exact():
                read = f"`{signal.name}` is read as `{signal.kind.NAME}`"
                message = f"`{condition.text}` compares a computed value: {read}"
                yield Finding(path, message, "write `<`, `<=`, `>` or `>=`")
