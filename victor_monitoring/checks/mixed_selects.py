"""Signals over targets that are selected differently."""

from __future__ import annotations

from collections.abc import Iterator

from victor_monitoring.checks.check import check
from victor_monitoring.language.resolved.spec import Resolved
from victor_monitoring.language.syntax.finding import Finding
from victor_monitoring.signals.kinds.expr import RawExpression


@check("VM207", "mixed-selects")
def mixed_selects(spec: Resolved) -> Iterator[Finding]:
    """Metrics of one signal, or signals of one score, come from targets that are selected differently.

    Their labels differ, and a binary operator between vectors whose labels differ returns nothing,
    without an error.

    Raw PromQL may match them by other labels.

    Bad: a ratio of an ingress' errors and the service's requests, where the ingress has its own `select`.
    Good: both from one select.
    """
    for signal in spec.signals.values():
        path = ("signals", signal.name, signal.kind.NAME)
        if isinstance(signal.kind, RawExpression):
            continue
        names = [(reading.at, reading.selector.metric.name) for reading in signal.kind.readings()]
        selects = [(at, name, spec.selects[name]) for at, name in names]
        selects += [(at, part.name, part.select) for at, part in signal.kind.parts()]
        for at, name, select in selects[1:]:
            _, first, wanted = selects[0]
            if select != wanted:
                message = f"`{name}` is selected by other labels than `{first}`"
                yield Finding((*path, *at), message, "read metrics that share one `select`")
