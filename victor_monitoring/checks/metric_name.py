"""Metric names that break the conventions of Prometheus."""

from __future__ import annotations

from collections.abc import Iterator

from victor_monitoring.base.diagnostics import Severity
from victor_monitoring.checks.check import check
from victor_monitoring.language.resolved.spec import Resolved
from victor_monitoring.language.syntax.finding import Finding
from victor_monitoring.signals.metric import Metric
from victor_monitoring.signals.metric_types import METRIC_TYPES
from victor_monitoring.signals.units import ENDINGS, Unit

_TAKEN = (
    *sorted({suffix for each in METRIC_TYPES.values() for suffix in each.SUFFIXES if suffix}),
    "_created",
    "_info",
)


@check("VM502", "metric-name", Severity.ERROR)
def metric_name(spec: Resolved) -> Iterator[Finding]:
    """Names or units of the service's own metrics break a convention of Prometheus.

    Only counters end in `_total`; the unit is the last part of the name, and a base unit. Clients, tools and
    people rely on these conventions: a client adds `_total` to a counter without it, so the exposed name
    would differ from the name in the rules. Metrics of external components may have any name.

    Bad: `shop_request_duration_ms`. Good: `shop_request_duration_seconds`.
    """
    for declared in spec.declared:
        metric = declared.metric
        wrong = "" if spec.components[declared.component].external else _wrong(metric)
        if wrong:
            of_name = _of_name(metric)
            fits = of_name is not None and of_name.is_base and of_name != metric.unit
            hint = f"rename it, or write `unit: {of_name}` if its values are such" if fits else "rename it"
            yield Finding(declared.path, f"`{metric.name}` {wrong}", hint, on_key=True)


def _wrong(metric: Metric) -> str:
    if not metric.name.endswith(metric.type.ENDING):
        return f"is a {metric.type} and does not end in `{metric.type.ENDING}`"
    for ending in {each.ENDING for each in METRIC_TYPES.values()} - {"", metric.type.ENDING}:
        if metric.name.endswith(ending):
            return f"ends in `{ending}` and is a {metric.type}"
    if ":" in metric.name:
        return "has a colon, which is reserved for recording rules"
    for ending in _TAKEN:
        if metric.name.endswith(ending):
            return f"ends in `{ending}`, which Prometheus clients reserve"
    return _wrong_unit(metric.name.removesuffix(metric.type.ENDING), metric.unit)


def _ending(stem: str) -> str:
    """Return the unit that ends a name, as it is written there; empty if none does."""
    return max((each for each in ENDINGS if stem.endswith(f"_{each}")), key=len, default="")


def _of_name(metric: Metric) -> Unit | None:
    return ENDINGS.get(_ending(metric.name.removesuffix(metric.type.ENDING)))


def _wrong_unit(stem: str, unit: Unit) -> str:
    ending = _ending(stem)
    other = ENDINGS.get(ending)
    if other is not None and not (other.is_base and ending in other.endings):
        return f"ends in `_{ending}`, which is no base unit"
    if not unit.is_base:
        return f"is in {unit}, which is no base unit"
    if other is not None and other != unit:
        return f"ends in `_{ending}` and its unit is {unit}"
    if other is None and unit.endings and unit.exponents != (0, 0):
        return f"is in {unit} and does not end in `_{unit.endings[0]}`"
    return ""
