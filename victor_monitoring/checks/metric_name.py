"""Metric names that break the conventions of Prometheus."""

from __future__ import annotations

from collections.abc import Iterator

from victor_monitoring.base.diagnostics import Severity
from victor_monitoring.checks.check import check
from victor_monitoring.language.resolved.spec import Resolved
from victor_monitoring.language.syntax.finding import Finding
from victor_monitoring.signals.metric import Metric

_UNITS = {"seconds": "_seconds", "bytes": "_bytes", "ratio": "_ratio"}
_OTHER_UNITS = (
    "_ms",
    "_milliseconds",
    "_microseconds",
    "_minutes",
    "_hours",
    "_kb",
    "_mb",
    "_gb",
    "_percent",
)
_TAKEN = ("_count", "_sum", "_bucket", "_created", "_info")


@check("VM502", "metric-name", Severity.ERROR)
def metric_name(spec: Resolved) -> Iterator[Finding]:
    """Metric names break a convention of Prometheus, or leave out the unit.

    Only counters end in `_total`; the unit is the last part of the name, and a base unit. Clients, tools and
    people rely on these conventions: a client adds `_total` to a counter without it, so the exposed name
    would differ from the name in the rules.

    Bad: `shop_request_duration_ms`. Good: `shop_request_duration_seconds`.
    """
    for declared in spec.declared:
        wrong = _wrong(declared.metric)
        if wrong:
            yield Finding(declared.path, f"`{declared.metric.name}` {wrong}", "rename it", on_key=True)


def _wrong(metric: Metric) -> str:
    stem = metric.name.removesuffix("_total")
    if metric.type == "counter" and stem == metric.name:
        return "is a counter and does not end in `_total`"
    if metric.type != "counter" and stem != metric.name:
        return f"ends in `_total` and is a {metric.type}"
    if ":" in metric.name:
        return "has a colon, which is reserved for recording rules"
    for ending in _OTHER_UNITS:
        if stem.endswith(ending):
            return f"ends in `{ending}`, which is no base unit"
    for ending in _TAKEN:
        if stem.endswith(ending):
            return f"ends in `{ending}`, which Prometheus clients reserve"
    wanted = _UNITS.get(metric.unit)
    if wanted and metric.unit != "ratio" and not stem.endswith(wanted):
        return f"is in {metric.unit} and does not end in `{wanted}`"
    for unit, ending in _UNITS.items():
        if stem.endswith(ending) and metric.unit != unit:
            return f"ends in `{ending}` and its unit is {metric.unit}"
    return ""
