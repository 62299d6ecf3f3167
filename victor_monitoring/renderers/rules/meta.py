"""The alerts on monitoring itself: silence is told apart from health."""

from __future__ import annotations

import functools
from collections.abc import Iterator, Mapping

from victor_monitoring.resolved.spec import Component, Meta, Resolved
from victor_monitoring.signals.duration import duration_text
from victor_monitoring.signals.metric import Selector
from victor_monitoring.signals.promql import Binary, Call, Expr, Matcher, Vector, number, text

from .messages import runbook

TARGET, SERVICE, METRIC = "target", "service", "metric"


def meta_rules(spec: Resolved, meta: Meta) -> Iterator[Mapping[str, object]]:
    """TargetDown and ServiceAbsent for each select, MetricMissing for each component with an anchor."""
    rule = functools.partial(_rule, spec, meta)
    for select, owner in _selects(spec).items():
        title = f"{spec.service.title} ({owner.name})" if owner else spec.service.title
        yield rule(
            "TargetDown",
            _is_up(select, 0),
            _labels(spec, meta, owner, TARGET),
            f"Target {{{{ $labels.instance }}}} of {title} is down",
            "Prometheus cannot scrape this target, so none of its alerts can fire.",
        )
        yield rule(
            "ServiceAbsent",
            Call("absent", (_is_up(select, 1),)),
            {**{matcher.label: matcher.value for matcher in select}, **_labels(spec, meta, owner, SERVICE)},
            f"No target of {title} is up",
            "Prometheus knows no healthy target, so no alert of the service can fire.",
        )
    for component in spec.components.values():
        if component.anchor is not None:
            metric = component.anchor.metric.name
            yield rule(
                "MetricMissing",
                _missing(spec, component, component.anchor),
                {**_labels(spec, meta, component, METRIC), "metric": metric},
                f"Target {{{{ $labels.instance }}}} is up and does not export {metric}",
                f"Alerts that read the metrics of {component.name} stay silent for this target.",
            )


def _selects(spec: Resolved) -> dict[tuple[Matcher, ...], Component | None]:
    """Each select once: the service's, where any component has it, and components' own."""
    found: dict[tuple[Matcher, ...], Component | None] = {}
    for component in spec.components.values():
        is_own = component.select != spec.service.select
        found.setdefault(component.select, component if is_own else None)
    return found or {spec.service.select: None}


def _is_up(select: tuple[Matcher, ...], value: int) -> Expr:
    return Binary("==", Vector("up", select), number(value))


def _missing(spec: Resolved, component: Component, anchor: Selector) -> Expr:
    select = component.select
    on = dict.fromkeys((*(matcher.label for matcher in select), *spec.service.scope, "instance"))
    return Binary("unless", _is_up(select, 1), anchor.vector(select), tuple(on))


def _labels(spec: Resolved, meta: Meta, component: Component | None, signal: str) -> dict[str, str]:
    return {
        **dict(spec.service.labels),
        **(dict(component.labels) if component else {}),
        "severity": meta.severity,
        "component": component.name if component else spec.service.name,
        "owner": spec.service.owner,
        "service": spec.service.name,
        "signal": signal,
    }


def _rule(
    spec: Resolved,
    meta: Meta,
    name: str,
    expr: Expr,
    labels: Mapping[str, str],
    summary: str,
    description: str,
) -> Mapping[str, object]:
    rule: dict[str, object] = {"alert": name, "expr": text(expr)}
    if meta.pending:
        rule["for"] = duration_text(meta.pending)
    told = {"summary": summary, "description": description, **runbook(spec, name)}
    return {**rule, "labels": dict(labels), "annotations": told}
