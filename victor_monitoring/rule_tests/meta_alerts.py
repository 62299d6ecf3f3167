"""The expected meta alerts, and the series that keep them silent."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from fractions import Fraction

from victor_monitoring.language.resolved.meta import (
    METRIC_MISSING,
    SERVICE,
    SERVICE_ABSENT,
    TARGET,
    TARGET_DOWN,
    MetaAlert,
    meta_alerts,
)
from victor_monitoring.language.resolved.spec import Resolved
from victor_monitoring.rule_tests.case import Firing
from victor_monitoring.signals.streams import Stream

FiringAlert = tuple[str, tuple[Firing, ...]]


def up(target: Mapping[str, str], value: int = 1) -> Stream:
    """Return the `up` series of a target: 1 where its scrapes succeed, 0 where they fail."""
    return Stream("up", tuple(sorted(target.items())), Fraction(value))


def down(spec: Resolved, *targets: Mapping[str, str]) -> Iterator[FiringAlert]:
    """Yield TargetDown, firing for these targets of one select."""
    yield from _firing_alert(
        spec,
        TARGET_DOWN,
        lambda alert: (
            meta_firing(spec, alert, target) for target in targets if alert.select.matches(target)
        ),
    )


def absent(spec: Resolved) -> Iterator[FiringAlert]:
    """Yield ServiceAbsent, firing for every select since no target is up."""
    yield from _firing_alert(spec, SERVICE_ABSENT, lambda alert: [meta_firing(spec, alert, {})])


def missing(
    spec: Resolved, targets: Collection[Mapping[str, str]], components: Collection[str]
) -> Iterator[FiringAlert]:
    """Yield MetricMissing, firing for these components of these targets, the only ones that are up."""
    yield from _firing_alert(spec, METRIC_MISSING, lambda alert: _missing(spec, alert, targets, components))


def _firing_alert(
    spec: Resolved, name: str, firing: Callable[[MetaAlert], Iterable[Firing]]
) -> Iterator[FiringAlert]:
    """Yield the instances of all meta alerts of a name, if the spec has any."""
    found = [each for each in meta_alerts(spec) if each.name == name]
    if found:
        yield name, tuple(instance for alert in found for instance in firing(alert))


def _missing(
    spec: Resolved, alert: MetaAlert, targets: Collection[Mapping[str, str]], components: Collection[str]
) -> Iterator[Firing]:
    assert alert.component is not None  # the metric is a component's
    mine = [target for target in targets if alert.select.matches(target)]
    if alert.component.has_targets:
        if alert.component.name in components:
            yield from (meta_firing(spec, alert, target) for target in mine)
    elif alert.component.name in components or not mine:
        yield meta_firing(spec, alert, alert.select.fixed)


def firing_on(spec: Resolved, alert: MetaAlert, streams: Iterable[Stream]) -> Iterator[Firing]:
    """Yield the instances of a meta alert that fire once these series have lasted long enough."""
    mine = [each for each in streams if alert.select.matches(dict(each.labels))]
    targets = {each.labels: each.start for each in mine if each.metric == "up"}
    if alert.watches == TARGET:
        yield from (meta_firing(spec, alert, dict(each)) for each, value in targets.items() if value == 0)
    elif alert.watches == SERVICE:
        yield from () if 1 in targets.values() else (meta_firing(spec, alert, {}),)
    elif alert.component is not None and (anchor := alert.component.anchor) is not None:
        found = [dict(each.labels) for each in mine if each.metric == anchor.metric.name]
        exporting = [_of_target(spec, alert, each) for each in found if anchor.matches(each)]
        if alert.component.has_targets:
            up_now = (dict(each) for each, value in targets.items() if value == 1)
            missing = (each for each in up_now if _of_target(spec, alert, each) not in exporting)
            yield from (meta_firing(spec, alert, each) for each in missing)
        elif not exporting:
            yield meta_firing(spec, alert, alert.select.fixed)


def _of_target(spec: Resolved, alert: MetaAlert, labels: Mapping[str, str]) -> dict[str, str]:
    """Return those of the labels that identify a target."""
    names = {*alert.select.labels, *spec.service.scope, "instance"}
    return {name: value for name, value in labels.items() if name in names}


def anchors(spec: Resolved, target: Mapping[str, str], but: Collection[str] = ()) -> Iterator[Stream]:
    """Yield the anchor series of the target's components, except of those in `but`."""
    for component in spec.components.values():
        if component.anchor is not None and component.name not in but and component.select.matches(target):
            labels = next(component.anchor.label_sets(), {})
            pairs = tuple(sorted({**target, **labels}.items()))
            yield Stream(
                component.anchor.metric.name,
                pairs,
                Fraction(1),
                total=component.anchor.metric.name in component.anchor.metric.totals,
            )


def meta_firing(spec: Resolved, alert: MetaAlert, series: Mapping[str, str]) -> Firing:
    """Return the firing alert for a series of the alert's expression with these labels."""
    summary = alert.summary.filled(lambda name: series.get(name, ""))
    annotations = {"summary": summary, "description": alert.description}
    if runbook := spec.service.runbook(alert.name):
        annotations["runbook_url"] = runbook
    return Firing({**series, **alert.labels}, annotations)
