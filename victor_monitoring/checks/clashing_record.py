"""Names of recorded series that something else has."""

from __future__ import annotations

from collections.abc import Iterator

from victor_monitoring.checks.check import check
from victor_monitoring.language.resolved.spec import Resolved
from victor_monitoring.language.syntax.finding import Finding


@check("VM211", "clashing-record")
def clashing_record(spec: Resolved) -> Iterator[Finding]:
    """Two signals record under one name, or a signal under that of a metric.

    Selectors of the name read the series of both, as if they were one.

    Bad: `record: shop_orders_total`, a metric. Good: `record: "shop:orders:rate5m"`.
    """
    taken = {
        name: f"the metric `{each.metric.name}`"
        for each in spec.declared
        for name in each.metric.series_names
    }
    for signal in spec.signals.values():
        if not signal.recorded:
            continue
        for rule in signal.recordings():
            owner = taken.setdefault(rule.name, f"the signal `{signal.name}`")
            if owner != f"the signal `{signal.name}`":
                message = f"`{rule.name}` is a name of {owner}"
                path = ("signals", signal.name, *(("record",) if signal.own_record else ()))
                yield Finding(
                    path, message, "record it under a name of its own", on_key=not signal.own_record
                )
