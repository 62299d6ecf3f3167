"""What an exposition says of metrics, held against what the spec says: type, help and unit."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from victor_monitoring.base.diagnostics import Severity
from victor_monitoring.language.resolved.spec import Declared
from victor_monitoring.live.exposition.comparison import (
    CREATED,
    OTHER_UNITS,
    Comparison,
    Found,
    close_to,
    deviation,
    series_names,
)

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


@deviation("VM801", "unexposed-metric")
def unexposed_metric(held: Comparison) -> Iterator[Found]:
    """A declared metric is not exposed.

    An alert on it stays silent, and its panels are empty. Metrics with `may_be_absent` or `rest` may be
    missing. Where several endpoints expose the components of a spec, `--component` names those of this one.

    Bad: `shop_orders_total` in the spec, and an older service. Good: deploy the service that exposes it.
    """
    for declared in held.declared:
        if _is_missing(held, declared):
            hint = "expose it, or say `may_be_absent: true`; of another endpoint's metrics: --component NAME"
            yield Found(declared.path, f"`{declared.metric.name}` is not exposed", hint)


@deviation("VM802", "metric-without-series")
def metric_without_series(held: Comparison) -> Iterator[Found]:
    """A declared metric is announced by its type or help and has no series, or a histogram lacks some.

    A client exposes a metric so before its first value is set, or before its labels have values. Until
    then an alert on it stays silent, which looks like health. A metric that rightly has no series yet says
    `may_be_absent: true`.

    Bad: a gauge that is set after the first order. Good: one that is set at the start.
    """
    for declared in held.declared:
        metric = declared.metric
        if held.has_other_type(metric) or held.is_unread(metric) or not held.is_exposed(metric):
            continue
        lacking = [name for name in series_names(metric) if name not in held.samples]
        is_empty = len(lacking) == len(series_names(metric))
        if lacking and not (is_empty and (declared.may_be_absent or declared.rest)):
            place = held.places.get(metric.name) or next(held.of(metric)).name
            if is_empty:
                hint = (
                    "set it at the start, or say `may_be_absent: true`: until then an alert on it is silent"
                )
                yield Found(place, f"`{metric.name}` is announced and has no series", hint)
            else:
                missing = " and ".join(f"`{name}`" for name in lacking)
                yield Found(
                    place, f"the histogram `{metric.name}` has no {missing}", "expose whole histograms"
                )


@deviation("VM803", "undeclared-metric", Severity.WARNING)
def undeclared_metric(held: Comparison) -> Iterator[Found]:
    """A metric with the spec's `metric_prefix` is exposed, and the spec does not declare it.

    Nothing watches it, it counts against the budget of series, and no selector may use it. Metrics that end
    in `_info` are 1 by convention and only describe; they are left out, as are clients' `_created` series.

    Bad: a counter made in code beside the registry. Good: the same counter in the spec.
    """
    declared = {each.metric.name for each in held.spec.declared}
    stems = {name.removesuffix("_total") for name in declared}
    known = declared | {name for each in held.spec.declared for name in series_names(each.metric)}
    known |= {stem + CREATED for stem in stems} | set(held.stand_ins.values())
    for name, place in held.places.items():
        is_known = name in known or (name in stems and name not in held.samples)  # a counter's type, in short
        if name.startswith(held.spec.service.prefix) and not is_known and not _only_describes(held, name):
            missing = [each.metric.name for each in held.declared if _is_missing(held, each)]
            hint = close_to(name, missing) or "declare it in the spec, or stop exposing it"
            yield Found(place, f"`{name}` is not declared", hint)


def _is_missing(held: Comparison, declared: Declared) -> bool:
    metric = declared.metric
    is_free = declared.may_be_absent or declared.rest or metric.name in held.stand_ins
    return not (is_free or held.is_exposed(metric) or held.is_unread(metric))


def _only_describes(held: Comparison, name: str) -> bool:
    return name.endswith("_info") and all(sample.value == 1 for sample in held.samples.get(name, ()))
