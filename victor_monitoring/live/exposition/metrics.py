"""Deviations of whole metrics: missing, without series, undeclared, or with another type, help or unit."""

from __future__ import annotations

import re
from collections.abc import Iterator

from victor_monitoring.base.diagnostics import Severity
from victor_monitoring.language.resolved.spec import Declared
from victor_monitoring.live.exposition.comparison import (
    CREATED,
    IF_ABSENT,
    TOTAL,
    Comparison,
    Deviation,
    close_to,
    deviation_kind,
)
from victor_monitoring.signals.units import ENDINGS


@deviation_kind("VM804", "other-type")
def other_type(comparison: Comparison) -> Iterator[Deviation]:
    """Metrics are exposed with another type than the spec declares.

    The rate of a gauge is meaningless, and a quantile over a summary yields no data. `untyped` and a missing
    type are accepted: a federated series has lost its type.

    Bad: `# TYPE shop_orders_total gauge` of a counter. Good: `# TYPE shop_orders_total counter`.
    """
    for declared in comparison.declared:
        metric = declared.metric
        exposed = comparison.type_of(metric)
        if exposed is not None and comparison.has_other_type(metric):
            message = f"`{metric.name}` is exposed as a {exposed.value.text}, and declared as a {metric.type}"
            yield Deviation(exposed.value, message, "expose it as the spec says, or correct the spec")
        other = comparison.misnamed.get(metric.name)
        if other and other.endswith(TOTAL) != metric.name.endswith(TOTAL):
            message = f"`{metric.name}` is declared as a {metric.type}, and `{other}` is exposed"
            yield Deviation(
                comparison.places[other], message, "only a counter ends in `_total`, and every counter does"
            )


@deviation_kind("VM805", "other-help", Severity.WARNING)
def other_help(comparison: Comparison) -> Iterator[Deviation]:
    """Metrics of the service are exposed with another help than the spec declares.

    The registry module carries the spec's help, so the running service was built from another version of the
    spec. Metrics of components with `external: true` may have a help of their own.

    Bad: a service built before the last `victor-mon generate`. Good: one built after it.
    """
    for declared in comparison.declared:
        exposed = comparison.metadata(comparison.exposition.helps, declared.metric)
        wanted = declared.metric.help.strip()
        if exposed is not None and comparison.is_own(declared) and exposed.value.text != wanted:
            message = f"`{declared.metric.name}` has another help than the spec: `{wanted}`"
            yield Deviation(
                exposed.value, message, "build and deploy the service with the current registry module"
            )


@deviation_kind("VM806", "other-unit")
def other_unit(comparison: Comparison) -> Iterator[Deviation]:
    """Metrics are exposed in another unit than the spec declares, by `# UNIT` or by the end of the name.

    Every threshold on it is wrong by the factor between the units.

    Bad: `shop_wait_milliseconds`, declared as `shop_wait_seconds`. Good: `shop_wait_seconds`, in seconds.
    """
    for declared in comparison.declared:
        metric = declared.metric
        exposed = comparison.metadata(comparison.exposition.units, metric)
        unit = None if exposed is None else exposed.value.text
        fits = any(f"_{ending}".endswith(f"_{unit}") for ending in metric.unit.endings)
        if exposed is not None and unit in ENDINGS and not fits:
            message = f"`{metric.name}` is exposed in {unit}, and declared in {metric.unit}"
            yield Deviation(exposed.value, message, "expose it as the spec says, or correct the spec")
        other = comparison.misnamed.get(metric.name)
        if other and other.endswith(TOTAL) == metric.name.endswith(TOTAL):
            message = f"`{metric.name}` is exposed in another unit, as `{other}`"
            yield Deviation(comparison.places[other], message, f"expose `{metric.name}`, in {metric.unit}")


@deviation_kind("VM801", "unexposed-metric")
def unexposed_metric(comparison: Comparison) -> Iterator[Deviation]:
    """Metrics that the spec declares are not exposed.

    Alerts on them stay silent, and their panels are empty. Metrics with `may_be_absent` or `rest` are allowed
    to be missing. If several endpoints expose the components of a spec, select those of this one with
    `--component`.

    Bad: `shop_orders_total` in the spec, and an older service. Good: deploy the service that exposes it.
    """
    for declared in comparison.declared:
        if _is_missing(comparison, declared):
            name = declared.metric.name
            message = f"`{name}` is not exposed"
            hint = f"expose it; if another endpoint does: --component NAME; {IF_ABSENT}"
            dotted = next((each for each in comparison.places if _escaped(each) == name), None)
            if dotted is not None:
                message += f", and `{dotted}` is"
                hint = "set `metric_name_escaping_scheme: underscores` in Prometheus' scrape job"
            yield Deviation(declared.path, message, hint)


@deviation_kind("VM802", "metric-without-series")
def metric_without_series(comparison: Comparison) -> Iterator[Deviation]:
    """Metrics that the spec declares have metadata but no series, or a histogram is incomplete.

    A client exposes a metric like this before its first value is set, or before its labels have values. Until
    then an alert on it stays silent, which looks like health. A metric that may have no series yet is
    declared with `may_be_absent: true`.

    Bad: a gauge that is set after the first order. Good: one that is set at the start.
    """
    for declared in comparison.declared:
        metric = declared.metric
        if (
            comparison.has_other_type(metric)
            or comparison.is_unread(metric)
            or not comparison.is_exposed(metric)
        ):
            continue
        optional = {metric.name + suffix for suffix in metric.type.OPTIONAL}
        missing = [
            name for name in metric.series_names if name not in comparison.samples and name not in optional
        ]
        is_empty = not any(True for _ in comparison.samples_of(metric))
        if missing and not (is_empty and (declared.may_be_absent or declared.rest)):
            place = comparison.places.get(metric.name) or next(comparison.samples_of(metric)).name
            doubled = metric.name + TOTAL
            if is_empty and metric.name.endswith(TOTAL) and doubled in comparison.samples:
                message = f"`{metric.name}` is exposed as `{doubled}`"
                hint = f"register it as `{metric.name.removesuffix(TOTAL)}`: the client adds `{TOTAL}`"
                yield Deviation(comparison.samples[doubled][0].name, message, hint)
            elif is_empty:
                message = f"`{metric.name}` has metadata but no series"
                yield Deviation(place, message, f"set it at the start; {IF_ABSENT}")
            else:
                names = " and ".join(f"`{name}`" for name in missing)
                yield Deviation(
                    place,
                    f"the {metric.type} `{metric.name}` has no {names}",
                    f"expose the whole {metric.type}",
                )


@deviation_kind("VM803", "undeclared-metric", Severity.WARNING)
def undeclared_metric(comparison: Comparison) -> Iterator[Deviation]:
    """Metrics with the spec's `metric_prefix` are exposed, and the spec does not declare them.

    No alert watches them, they count against the series budget, and no selector may use them. Skipped are
    metrics that end in `_info` and are always 1, which only describe, and clients' `_created` series.

    Bad: a counter created in code outside the registry module. Good: the same counter in the spec.
    """
    declared = {each.metric.name for each in comparison.spec.declared}
    stems = {name.removesuffix(TOTAL) for name in declared}
    known = declared | {name for each in comparison.spec.declared for name in each.metric.series_names}
    known |= {stem + CREATED for stem in stems} | set(comparison.misnamed.values())
    known |= {name + TOTAL for name in declared if name.endswith(TOTAL)}  # found with the metric itself
    for name, place in comparison.places.items():
        # OpenMetrics' TYPE line names a counter without `_total`.
        is_counter_type = name in stems and name not in comparison.samples
        is_known = name in known or is_counter_type or _only_describes(comparison, name)
        if name.startswith(comparison.spec.service.prefix) and not is_known:
            unexposed = [each.metric.name for each in comparison.declared if _is_missing(comparison, each)]
            hint = close_to(name, unexposed) or "declare it in the spec, or stop exposing it"
            yield Deviation(place, f"`{name}` is not declared", hint)


def _escaped(name: str) -> str:
    """Return the name that a service sends to a Prometheus that accepts letters, digits and `_` only."""
    return re.sub(r"[^a-zA-Z0-9_:]", "_", name)


def _is_missing(comparison: Comparison, declared: Declared) -> bool:
    metric = declared.metric
    is_free = declared.may_be_absent or declared.rest or metric.name in comparison.misnamed
    return not (is_free or comparison.is_exposed(metric) or comparison.is_unread(metric))


def _only_describes(comparison: Comparison, name: str) -> bool:
    return name.endswith("_info") and all(sample.value == 1 for sample in comparison.samples.get(name, ()))
