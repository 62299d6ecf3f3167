"""Metric names that break the conventions of Prometheus."""

from __future__ import annotations

from collections.abc import Iterator

from victor_monitoring.base.diagnostics import Severity
from victor_monitoring.checks.check import check
from victor_monitoring.language.resolved.spec import Resolved
from victor_monitoring.language.syntax.finding import Finding
from victor_monitoring.signals.metric import Metric
from victor_monitoring.signals.metric_types import METRIC_TYPES
from victor_monitoring.signals.units import ENDINGS, UNITS, Unit

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
        if not spec.components[declared.component].external and (wrong := _wrong(metric)):
            yield Finding(declared.path, f"`{metric.name}` {wrong[0]}", wrong[1], on_key=True)


def _wrong(metric: Metric) -> tuple[str, str] | None:
    """Return what is wrong with the name, and a hint; None if it is right."""
    name, ending = metric.name, metric.type.ENDING
    if not name.endswith(ending):
        return f"is a {metric.type} and does not end in `{ending}`", f"rename it `{name}{ending}`"
    for other in METRIC_TYPES.values():
        if other.ENDING not in ("", ending) and name.endswith(other.ENDING):
            hint = (
                f"rename it `{name.removesuffix(other.ENDING)}`, or write `type: {other.NAME}` if it is one"
            )
            return f"ends in `{other.ENDING}` and is a {metric.type}", hint
    if ":" in name:
        return "has a colon, which is reserved for recording rules", f"rename it `{name.replace(':', '_')}`"
    for taken in _TAKEN:
        if name.endswith(taken):
            return f"ends in `{taken}`, which Prometheus clients reserve", "rename it with another ending"
    return _wrong_unit(name.removesuffix(ending), metric)


def _ending(stem: str) -> str:
    """Return the unit that ends a name, as it is written there; empty if none does."""
    return max((each for each in ENDINGS if stem.endswith(f"_{each}")), key=len, default="")


def _wrong_unit(stem: str, metric: Metric) -> tuple[str, str] | None:
    ending, unit = _ending(stem), metric.unit
    other = ENDINGS.get(ending)
    if other is not None and not (other.is_base and ending in other.endings):
        return f"ends in `_{ending}`, which is no base unit", _in_base(stem, other, metric)
    if not unit.is_base:
        return f"is in {unit}, which is no base unit", _in_base(stem, unit, metric)
    if other is not None and other != unit:
        hint = f"rename it, or write `unit: {other}` if its values are such"
        return f"ends in `_{ending}` and its unit is {unit}", hint
    if other is None and unit.endings and unit.exponents != (0, 0):
        hint = f"rename it `{stem}_{unit.endings[0]}{metric.type.ENDING}`"
        return f"is in {unit} and does not end in `_{unit.endings[0]}`", hint
    return None


def _in_base(stem: str, unit: Unit, metric: Metric) -> str:
    """Return the hint to export the values of a metric in the base unit."""
    base = UNITS[unit.base]
    name = f"{stem.removesuffix(_ending(stem)).removesuffix('_')}_{(base.endings or (base.name,))[0]}"
    return f"export the base unit: `{name}{metric.type.ENDING}`, with `unit: {base}`"
