"""Components and metrics, resolved."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Final

from victor_monitoring.language.model import components as written
from victor_monitoring.language.resolved.spec import Component, Declared, Resolved
from victor_monitoring.signals.metric import Label, Metric, Selector
from victor_monitoring.signals.metric_types import METRIC_TYPES
from victor_monitoring.signals.select import Select
from victor_monitoring.signals.signal import LabelPairs, Signal


def select_for(metric: Metric, select: Select) -> Select:
    """Return the select of a metric of its targets: of a recorded one, on labels that it declares."""
    return select.only(metric.label_names) if metric.recorded else select


def label_pairs(labels: Mapping[str, str]) -> LabelPairs:
    """Return labels as pairs, in the order of the spec."""
    return tuple(labels.items())


def owners(components: Iterable[Component]) -> dict[str, str]:
    """Return the component of each series, by the name of the series."""
    return {
        series: component.name
        for component in components
        for declared in component.metrics
        for series in declared.metric.series()
    }


def owner(signal: Signal, owners: Mapping[str, str]) -> str | None:
    """Return the component whose metrics the signal reads; None if there are several."""
    found = {owners[metric.name] for metric in signal.metrics()}
    return found.pop() if len(found) == 1 else None


def resolve_metric(name: str, metric: written.Metric) -> Metric:
    """Return a metric with its buckets in its unit."""
    low, high = metric.range or (None, None)
    labels = (
        Label(label, None if value.values is None else tuple(value.values), value.limit)
        for label, value in metric.labels.items()
    )
    return Metric(
        name=name,
        type=METRIC_TYPES[metric.type],
        unit=metric.unit,
        help=metric.help or "",
        labels=tuple(labels),
        buckets=tuple(sorted(bucket.in_unit(metric.unit).value for bucket in metric.buckets or ())),
        merge=metric.merge,
        low=low,
        high=high,
        recorded=metric.recorded,
    )


def resolve_component(
    name: str, component: written.Component, select: Select, narrowed: Mapping[str, str]
) -> Component:
    """Return a component; its own select replaces `select`, that of the service.

    `narrowed` is the select of the context: it is added to a component's own select too, so that the targets
    of other environments are not selected. It does not replace labels that the component selects itself.
    """
    added = {label: value for label, value in narrowed.items() if label not in (component.select or {})}
    metrics = tuple(
        Declared(
            metric=resolve_metric(metric_name, metric),
            component=name,
            path=("components", name, "metrics", metric_name),
            buckets=tuple(metric.buckets or ()),
            rest=metric.rest,
            may_be_absent=metric.may_be_absent,
            replaces=tuple(metric.replaces),
        )
        for metric_name, metric in component.metrics.items()
    )
    return Component(
        name=name,
        class_name=component.class_ or "".join(word.capitalize() for word in name.split("_")) + "Metrics",
        endpoint=component.endpoint or name.replace("_", "-"),
        external=component.external,
        honor_labels=component.honor_labels,
        select=select if component.select is None else Select.of({**component.select, **added}),
        labels=label_pairs(component.labels),
        metrics=metrics,
        anchor=_anchor(component, [declared.metric for declared in metrics]),
        written=frozenset(component.model_fields_set),
    )


def _anchor(component: written.Component, metrics: Iterable[Metric]) -> Selector | None:
    """Return the given anchor, else the first metric without labels, else one with closed labels only."""
    if "anchor" in component.model_fields_set:
        fitting = [metric for metric in metrics if metric.name == component.anchor]
    else:
        plain = [metric for metric in metrics if not metric.labels]
        closed = [m for m in metrics if all(label.values is not None for label in m.labels)]
        fitting = plain + closed
    metric = next((each for each in fitting if not each.recorded), None)
    if metric is None:
        return None
    return Selector(metric.series()[metric.present])


_PLATFORM: Final = ("instance", "job", "namespace", "pod", "container", "node", "endpoint", "service")


def target_labels(spec: Resolved) -> frozenset[str]:
    """Return the labels that the platform sets, and those in the selects and the scope of the spec."""
    selected = {label for component in spec.components.values() for label in component.select.labels}
    return frozenset({*_PLATFORM, *selected, *spec.service.scope})
