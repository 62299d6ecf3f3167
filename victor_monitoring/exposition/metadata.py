"""What an exposition says of metrics, held against what the spec says: type, help and unit."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from victor_monitoring.diagnostics import Severity
from victor_monitoring.exposition.comparison import OTHER_UNITS, Comparison
from victor_monitoring.exposition.deviation import Found, deviation

_UNITS: Final = {*OTHER_UNITS, *(unit for units in OTHER_UNITS.values() for unit in units)}


@deviation("VM804", "other-type")
def other_type(held: Comparison) -> Iterator[Found]:
    """A metric is exposed with another type than the spec says.

    A rate of a gauge, or the quantile of a summary, is a number that means nothing, or none at all. `untyped`
    and no type at all contradict nothing: a federated series has lost its type.

    Bad: `# TYPE shop_orders_total gauge` of a counter. Good: `# TYPE shop_orders_total counter`.
    """
    for declared in held.declared:
        metric = declared.metric
        said = held.type_of(metric)
        if said is not None and held.has_other_type(metric):
            message = f"`{metric.name}` is exposed as a {said.said.text}, and declared as a {metric.type}"
            yield Found(said.said, message, "expose it as the spec says, or correct the spec")
        other = held.stand_ins.get(metric.name)
        if other and other.endswith("_total") != metric.name.endswith("_total"):
            message = f"`{metric.name}` is declared as a {metric.type}, and `{other}` is exposed"
            yield Found(
                held.places[other], message, "only a counter ends in `_total`, and every counter does"
            )


@deviation("VM805", "other-help", Severity.WARNING)
def other_help(held: Comparison) -> Iterator[Found]:
    """A metric of ours is exposed with another help than the spec says.

    The registry carries the spec's help, so what runs was made from another state of the spec. What others
    expose may have words of its own.

    Bad: a service built before the last `victor-mon generate`. Good: one built after it.
    """
    for declared in held.declared:
        said = held.said(held.exposition.helps, declared.metric)
        if said is not None and held.is_ours(declared) and said.said.text != declared.metric.help.strip():
            message = (
                f"`{declared.metric.name}` has another help than the spec: `{declared.metric.help.strip()}`"
            )
            yield Found(said.said, message, "build and deploy the service with the registry as rendered now")


@deviation("VM806", "other-unit")
def other_unit(held: Comparison) -> Iterator[Found]:
    """A metric is exposed in another unit than the spec says: by a `# UNIT` line, or by the end of its name.

    Every threshold on it is wrong by the factor between the units.

    Bad: `shop_wait_milliseconds`, declared as `shop_wait_seconds`. Good: `shop_wait_seconds`, in seconds.
    """
    for declared in held.declared:
        metric = declared.metric
        said = held.said(held.exposition.units, metric)
        if said is not None and said.said.text in _UNITS | {metric.unit} and said.said.text != metric.unit:
            message = f"`{metric.name}` is exposed in {said.said.text}, and declared in {metric.unit}"
            yield Found(said.said, message, "expose it as the spec says, or correct the spec")
        other = held.stand_ins.get(metric.name)
        if other and other.endswith("_total") == metric.name.endswith("_total"):
            message = f"`{metric.name}` is exposed in another unit, as `{other}`"
            yield Found(held.places[other], message, f"expose `{metric.name}`, in {metric.unit}")
