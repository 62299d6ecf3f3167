"""The resolution of the spec as written, for base or one context."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from victor_monitoring.language.model import alerts as written_alerts
from victor_monitoring.language.model import contexts as written_contexts
from victor_monitoring.language.model import service as written_service
from victor_monitoring.language.model import spec as written
from victor_monitoring.language.model.patterns import MISSING_KEY
from victor_monitoring.language.resolved.acks import acks_of, reasons_of
from victor_monitoring.language.resolved.alerts import AlertResolver
from victor_monitoring.language.resolved.dashboard import resolve_dashboard
from victor_monitoring.language.resolved.detection import recording_groups
from victor_monitoring.language.resolved.metrics import (
    label_pairs,
    resolve_component,
    select_for,
)
from victor_monitoring.language.resolved.outputs import resolve_outputs
from victor_monitoring.language.resolved.routing import resolve_routing
from victor_monitoring.language.resolved.rules import parts
from victor_monitoring.language.resolved.signals import SignalResolver
from victor_monitoring.language.resolved.spec import (
    SERVER_INTERVAL,
    AlertLabels,
    AsWritten,
    Group,
    Kubernetes,
    Meta,
    Resolved,
    Service,
    UnknownName,
)
from victor_monitoring.language.resolved.time_scale import TimeScale
from victor_monitoring.language.syntax.finding import Finding
from victor_monitoring.language.syntax.tree import Path
from victor_monitoring.signals.select import Select


def resolve(
    spec: written.Spec,
    *,
    context: str | None = None,
    base: Resolved | None = None,
    broken: frozenset[Path] = frozenset(),
    scale: TimeScale | None = None,
    rules_per_group: int | None = None,
) -> tuple[Resolved, list[Finding]]:
    """Return the spec with its references followed, and the findings on the way.

    `base` is the resolved spec without the context; `broken` are the paths that could not be read; `scale`
    replaces the time scale of the context, and `rules_per_group` is the most rules of a rendered group.
    """
    here = spec.contexts[context] if context else written_contexts.Context()
    scale = scale or TimeScale(context, here.time_scale)
    service = _service(spec, here)
    components = {
        name: resolve_component(name, component, service.select, here.select)
        for name, component in spec.components.items()
    }
    declared = [(each, component.select) for component in components.values() for each in component.metrics]
    series = {
        name: (metric, select_for(metric, select))
        for each, select in declared
        for name, metric in each.metric.series().items()
    }
    exposed = {
        name: (each.metric, select_for(each.metric, select))
        for each, select in declared
        for name in each.metric.series_names
    }
    signals = SignalResolver(spec, service, series, exposed, scale)
    resolved_signals = signals.all()
    every = spec.defaults.evaluate_every
    is_servers = every is None and scale.factor == 1  # scaled, it is no longer that of the server
    usual = Group(scale(SERVER_INTERVAL if every is None else every), is_servers=is_servers)
    groups = {name: _group(each, usual, scale) for name, each in spec.groups.items()}
    alerts = AlertResolver(spec, service, components, resolved_signals, scale, groups, usual.evaluate)
    resolved_alerts = alerts.all()
    dashboard, unknown = (
        resolve_dashboard(spec.dashboard, spec.signals, resolved_signals) if spec.dashboard else (None, [])
    )
    meta = _meta(spec, scale)
    routing, unknown_severities = resolve_routing(spec, context, scale)
    unknown = [
        *_unknown_anchors(spec),
        *signals.unknown,
        *alerts.unknown,
        *unknown,
        *_unknown_meta_severity(spec),
        *unknown_severities,
    ]
    resolved = Resolved(
        context=context,
        targets=tuple(here.targets),
        protected=here.protected,
        time_scale=scale.factor,
        service=service,
        window=scale(spec.defaults.window),
        evaluate=usual.evaluate,
        is_servers_interval=usual.is_servers,
        scrape=scale(spec.defaults.scrape_every),
        severities=tuple(spec.severities),
        budget=spec.budget.series if spec.budget else None,
        mutation=spec.proof.mutation.value if spec.proof else None,
        outputs=resolve_outputs(spec.outputs, service.name),
        kubernetes=_kubernetes(spec.kubernetes, here.kubernetes),
        routing=routing,
        components=components,
        selects={name: select for name, (_, select) in {**series, **exposed}.items()},
        signals=resolved_signals,
        alerts=resolved_alerts,
        groups=groups,
        recorded_in=recording_groups(resolved_alerts),
        meta=meta,
        dashboard=dashboard,
        reads=tuple(signals.reads),
        as_written=AsWritten(
            checks=spec.checks,
            acks=acks_of(spec),
            reasons=reasons_of(spec),
            signals=frozenset(spec.signals),
            groups=tuple(spec.alerts),
            contexts=tuple(spec.contexts),
            unknown=tuple(each for each in unknown if not _is_broken(each, broken)),
            broken=broken,
        ),
        base=base,
        rules_per_group=rules_per_group,
    )
    if rules_per_group is not None:
        resolved = replace(resolved, parts=parts(resolved))
    return resolved, [*_missing_keys(spec), *scale.findings, *signals.findings]


def _missing_keys(spec: written.Spec) -> Iterator[Finding]:
    """Yield the keys that only external components can do without."""
    own = [name for name, component in spec.components.items() if not component.external]
    if own or not spec.components:
        for key in ("owner", "metric_prefix", "select"):
            if not getattr(spec.service, key):
                yield _missing(key, ("service",))
    for component in own:
        for name, metric in spec.components[component].metrics.items():
            if metric.help is None:
                yield _missing("help", ("components", component, "metrics", name))


def _missing(key: str, path: Path) -> Finding:
    message = f"`{key}` is missing in `{path[-1]}`"
    return Finding(path, message, f"add `{key}:`", on_key=True, pattern=MISSING_KEY)


def _service(spec: written.Spec, context: written_contexts.Context) -> Service:
    service = spec.service
    return Service(
        name=service.name,
        title=service.title,
        owner=service.owner,
        namespace=service.namespace,
        prefix=service.metric_prefix or "",
        select=Select.of({**(service.select or {}), **context.select}),
        scope=tuple(dict.fromkeys(service.scope)),
        runbooks=service.runbooks.rstrip("/") if service.runbooks else None,
        labels=label_pairs({**service.labels, **context.labels}),
        alert_labels=AlertLabels(**service.alert_labels.model_dump()),
        prometheus=context.prometheus or service.prometheus,
    )


def _kubernetes(base: written_service.Kubernetes, here: written_service.Kubernetes) -> Kubernetes:
    """Return the section with the keys of a context: its labels are added, all other keys replaced."""
    merged = base.model_copy(update={name: getattr(here, name) for name in here.model_fields_set})
    labels = label_pairs({**base.labels, **here.labels})
    return Kubernetes(
        merged.objects, merged.rules_key, labels, label_pairs(merged.app), merged.port, merged.path
    )


def _group(group: written_alerts.Group, usual: Group, scale: TimeScale) -> Group:
    if group.evaluate_every is None:
        return replace(usual, limit=group.limit)
    return Group(scale(group.evaluate_every), group.limit)


def _meta(spec: written.Spec, scale: TimeScale) -> Meta | None:
    if spec.meta is None:
        return None
    name = spec.service.name.replace("-", "_")
    return Meta(
        spec.meta.group or f"{name}_meta", scale(spec.meta.for_), spec.meta.severity or spec.severities[-1]
    )


def _unknown_anchors(spec: written.Spec) -> list[UnknownName]:
    return [
        UnknownName("metric", component.anchor, ("components", name, "anchor"))
        for name, component in spec.components.items()
        if component.anchor is not None and component.anchor not in component.metrics
    ]


def _unknown_meta_severity(spec: written.Spec) -> list[UnknownName]:
    severity = spec.meta.severity if spec.meta else None
    if severity is None or severity in spec.severities:
        return []
    return [UnknownName("severity", severity, ("meta", "severity"))]


def _is_broken(unknown: UnknownName, broken: frozenset[Path]) -> bool:
    """Return whether the name may be defined in a part of the spec that could not be read."""
    sections = {"signal": "signals", "component": "components", "metric": "metrics", "severity": "severities"}
    section = sections[unknown.thing]
    return any(
        (section in path and path[-1] == unknown.name)
        or path == (section,)
        or (unknown.thing == "metric" and path[0] == "components" and len(path) <= 2)
        for path in broken
    )
