"""The cases of the meta alerts."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from victor_monitoring.language.resolved.meta import MetaAlert, meta_alerts
from victor_monitoring.language.resolved.spec import Component, Meta, Resolved
from victor_monitoring.language.syntax.tree import Path
from victor_monitoring.rule_tests.case import Case, Expectation, Firing
from victor_monitoring.rule_tests.meta_alerts import anchors, firing_on, meta_firing, up
from victor_monitoring.rule_tests.script import Phase, Script
from victor_monitoring.signals.select import Select
from victor_monitoring.signals.streams import Stream

TargetLabels = Mapping[str, str]


@dataclass(frozen=True, slots=True)
class _MetaPhase:
    """Steady streams, and the alerts that fire on them once `for` has passed."""

    streams: tuple[Stream, ...]
    firing: tuple[Firing, ...] = ()


def meta_cases(spec: Resolved) -> Iterator[Case]:
    """Yield every case of the meta alerts."""
    if spec.meta is None:
        return
    for alert in meta_alerts(spec):
        cases = {"target": _target_cases, "service": _service_cases, "metric": _metric_cases}[alert.watches]
        for kind, about, phases in cases(spec, alert):
            whole = [_with_others(spec, alert, phase) for phase in phases]
            yield _case(spec, spec.meta, alert, kind, about, whole)


MetaCase = tuple[str, str, list[_MetaPhase]]


def _target_cases(spec: Resolved, alert: MetaAlert) -> Iterator[MetaCase]:
    a, *others = _targets(spec, alert.select)
    before, after = _others_up(spec, alert), tuple(map(up, others))
    healthy = _MetaPhase((*before, up(a), *after))
    down = _MetaPhase((*before, up(a, 0), *after), (meta_firing(spec, alert, a),))
    yield "fires", f"{_one_of(others)} goes down", [healthy, down]
    yield "recovers", "the target is back", [down, healthy]
    if others:
        every = tuple(meta_firing(spec, alert, each) for each in (a, *others))
        streams = (*before, *(up(each, 0) for each in (a, *others)))
        yield "replicas", "both targets are down", [_MetaPhase(streams, every)]
    for label, other in _elsewhere(alert, a):
        yield (
            "elsewhere",
            f"a target of another {label} is down",
            [replace(healthy, streams=(*healthy.streams, up(other, 0)))],
        )


def _service_cases(spec: Resolved, alert: MetaAlert) -> Iterator[MetaCase]:
    targets = _targets(spec, alert.select)
    a, *others = targets
    healthy = _MetaPhase((*_others_up(spec, alert), *map(up, targets)))
    firing = (meta_firing(spec, alert, {}),)
    absent = _MetaPhase((*_others_up(spec, alert), *(up(each, 0) for each in targets)), firing)
    recovered = _MetaPhase((*_others_up(spec, alert), up(a), *(up(each, 0) for each in others)))
    yield "fires", "every target goes down", [healthy, absent]
    yield "recovers", "one target is back", [absent, recovered]
    yield "never-there", "no target is known", [_MetaPhase(_others_up(spec, alert), firing)]
    for label, other in _elsewhere(alert, a):
        streams = (*absent.streams, up(other))
        yield "elsewhere", f"only a target of another {label} is up", [_MetaPhase(streams, firing)]


def _metric_cases(spec: Resolved, alert: MetaAlert) -> Iterator[MetaCase]:
    assert alert.component is not None  # the metric is a component's
    a, *others = _targets(spec, alert.select)
    if not alert.component.has_targets:
        yield from _absent_cases(spec, alert, alert.component, a)
        return
    exporting = (stream for each in others for stream in (up(each), *anchors(spec, each)))
    rest = (*_others_up(spec, alert), up(a), *exporting)
    healthy = _MetaPhase((*rest, *anchors(spec, a)))
    other_anchors = tuple(anchors(spec, a, but={alert.component.name}))
    missing = _MetaPhase((*rest, *other_anchors), (meta_firing(spec, alert, a),))
    yield "fires", f"{_one_of(others)} loses the metric", [healthy, missing]
    yield "recovers", "the metric is back", [missing, healthy]
    down = tuple(each for each in rest if each.metric != "up" or dict(each.labels) != dict(a))
    yield "vanished", "the target itself is down", [_MetaPhase((*down, up(a, 0)))]
    for label, other in _elsewhere(alert, a):
        streams = (*healthy.streams, up(other))
        yield "elsewhere", f"a target of another {label} has no such metric", [_MetaPhase(streams)]


def _one_of(others: Sequence[TargetLabels]) -> str:
    return "one of two targets" if others else "the target"


def _absent_cases(
    spec: Resolved, alert: MetaAlert, component: Component, target: TargetLabels
) -> Iterator[MetaCase]:
    assert component.anchor is not None  # it is missing
    streams = (*_others_up(spec, alert), up(target), *anchors(spec, target))
    rest = tuple(each for each in streams if each.metric != component.anchor.metric.name)
    healthy = _MetaPhase(streams)
    missing = _MetaPhase(rest, (meta_firing(spec, alert, alert.select.fixed),))
    yield "fires", "every target loses the metric", [healthy, missing]
    yield "recovers", "the metric is back", [missing, healthy]


def _targets(spec: Resolved, select: Select) -> list[TargetLabels]:
    """Return the labels of two selected targets; of one if `select` has its instance."""
    scope = dict.fromkeys(spec.service.scope, "here")
    return [{**scope, **each} for each in select.targets("a", "b")]


def _elsewhere(alert: MetaAlert, target: TargetLabels) -> Iterator[tuple[str, TargetLabels]]:
    for label, value in alert.select.outside.items():
        yield label, {**target, label: value}


def _others_up(spec: Resolved, alert: MetaAlert) -> tuple[Stream, ...]:
    """Return the streams of a healthy target for each other select, so that its alerts do not fire.

    A target that the alert's own select matches as well is left out.
    """
    selects = dict.fromkeys(each.select for each in meta_alerts(spec) if each.select != alert.select)
    targets = [_targets(spec, select)[0] for select in selects]
    apart = [each for each in targets if not alert.select.matches(each)]
    return tuple(stream for each in apart for stream in (up(each), *anchors(spec, each)))


def _with_others(spec: Resolved, alert: MetaAlert, phase: _MetaPhase) -> _MetaPhase:
    """Return the phase with the firing alerts of the same name on other selects and components.

    There are some where selects overlap.
    """
    others = (
        firing
        for other in meta_alerts(spec)
        if other.name == alert.name and other != alert
        for firing in firing_on(spec, other, phase.streams)
    )
    return replace(phase, firing=(*phase.firing, *others))


def _case(
    spec: Resolved, meta: Meta, alert: MetaAlert, kind: str, about: str, phases: Sequence[_MetaPhase]
) -> Case:
    evaluate = spec.group(meta.group).evaluate
    lasting = meta.pending + 3 * evaluate
    scrapes = -(-lasting // spec.scrape) + 1
    script = Script(spec.scrape, tuple(Phase(scrapes, phase.streams) for phase in phases))
    expectations = tuple(_expectations(evaluate, meta, alert.name, script, phases))
    owner = alert.component.name if alert.component else spec.service.name
    words = about if alert.watches == "service" and not alert.component else f"{about} ({owner})"
    return Case(kind, alert.name, words, _path(alert), evaluate, script, expectations)


def _expectations(
    every: int, meta: Meta, name: str, script: Script, phases: Sequence[_MetaPhase]
) -> Iterator[Expectation]:
    """Yield the expectations right before and after each change, and at the end."""
    before = _MetaPhase(())
    for phase, start in zip(phases, script.starts[:-1], strict=True):
        first = -(-start // every) * every
        if phase.firing and not before.firing:
            fires = first - (-meta.pending // every) * every
            if fires >= every and meta.pending:
                yield Expectation(fires - every, name)
            yield Expectation(fires, name, phase.firing)
        elif before.firing and not phase.firing:
            yield Expectation(first - every, name, before.firing)
            yield Expectation(first, name)
        before = phase
    yield Expectation(script.end // every * every, name, before.firing)


def _path(alert: MetaAlert) -> Path:
    """Return the path of the spec section that the alert is about."""
    is_own = alert.component is not None and alert.watches == "metric"
    return ("components", alert.component.name) if is_own and alert.component else ("meta",)
