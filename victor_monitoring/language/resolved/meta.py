"""The meta alerts of a spec: the subject, the labels and the texts of each."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Literal, TypeAlias

from victor_monitoring.language.resolved.spec import Component, Meta, Resolved
from victor_monitoring.promql.tree import Binary, Call, Expr, Vector, number
from victor_monitoring.signals.select import Select
from victor_monitoring.signals.template import Placeholder, Template

MetaSubject: TypeAlias = Literal["target", "service", "metric"]

TARGET, SERVICE, METRIC = "target", "service", "metric"  # the values of the label `signal` of meta alerts
TARGET_DOWN, SERVICE_ABSENT, METRIC_MISSING = "TargetDown", "ServiceAbsent", "MetricMissing"
META_ALERTS = (TARGET_DOWN, SERVICE_ABSENT, METRIC_MISSING)
_INSTANCE = Placeholder("instance", (0, 0))


@dataclass(frozen=True, slots=True)
class MetaAlert:
    """A meta alert; `component` is set if it watches a metric or the targets of one component."""

    name: str
    watches: MetaSubject
    select: Select
    component: Component | None
    expr: Expr
    labels: Mapping[str, str]
    summary: Template
    description: str


def meta_alerts(spec: Resolved) -> Iterator[MetaAlert]:
    """Yield ServiceAbsent and TargetDown for each select, MetricMissing for each component with an anchor.

    Where targets are not known by their labels, only the absence of the anchor on all of them can be seen.

    Inhibiting alerts come first, so that Alertmanager receives them before the alerts that they inhibit,
    even if one evaluation sends both.
    """
    meta = spec.meta
    if meta is None:
        return
    for select, owner in _selects(spec).items():
        title = f"{spec.service.title} ({owner.name})" if owner else spec.service.title
        yield MetaAlert(
            SERVICE_ABSENT,
            "service",
            select,
            owner,
            Call("absent", (_is_up(select, 1),)),
            {**select.fixed, **_labels(spec, meta, owner, "service")},
            _template(f"No target of {title} is up"),
            "Prometheus knows no healthy target, so no alert of the service can fire.",
        )
        yield MetaAlert(
            TARGET_DOWN,
            "target",
            select,
            owner,
            _is_up(select, 0),
            _labels(spec, meta, owner, "target"),
            _template("Target ", _INSTANCE, f" of {title} is down"),
            "Prometheus cannot scrape this target, so none of its alerts can fire.",
        )
    for component in spec.components.values():
        if component.anchor is not None:
            metric, select = component.anchor.metric.name, component.select
            labels = {**_labels(spec, meta, component, "metric"), "metric": metric}
            if not component.has_targets:
                yield MetaAlert(
                    METRIC_MISSING,
                    "metric",
                    select,
                    component,
                    Call("absent", (component.anchor.vector(select),)),
                    labels,
                    _template(f"No target exports {metric}"),
                    f"Alerts that read the metrics of {component.name} stay silent.",
                )
                continue
            on = dict.fromkeys((*select.labels, *spec.service.scope, "instance"))
            yield MetaAlert(
                METRIC_MISSING,
                "metric",
                select,
                component,
                Binary("unless", _is_up(select, 1), component.anchor.vector(select), tuple(on)),
                labels,
                _template("Target ", _INSTANCE, f" is up and does not export {metric}"),
                f"Alerts that read the metrics of {component.name} stay silent for this target.",
            )


def _is_up(select: Select, value: int) -> Expr:
    return Binary("==", Vector("up", select.matchers), number(value))


def _selects(spec: Resolved) -> dict[Select, Component | None]:
    """Return each select once, with its component; None for the service's, if any component uses it."""
    found: dict[Select, Component | None] = {}
    for component in spec.components.values():
        if component.has_targets:
            is_own = component.select != spec.service.select
            found.setdefault(component.select, component if is_own else None)
    return found if found or spec.components else {spec.service.select: None}


def _labels(spec: Resolved, meta: Meta, component: Component | None, signal: str) -> dict[str, str]:
    return {
        **dict(spec.service.labels),
        **(dict(component.labels) if component else {}),
        **spec.service.fixed_labels(
            meta.severity, component.name if component else spec.service.name, signal
        ),
    }


def _template(*pieces: str | Placeholder) -> Template:
    text = "".join(piece if isinstance(piece, str) else f"{{{piece.name}}}" for piece in pieces)
    return Template(text, pieces)
