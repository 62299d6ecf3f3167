"""The resolved spec that checks and renderers read, for base or one context."""

from __future__ import annotations

import datetime
import itertools
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from fractions import Fraction
from functools import cached_property
from typing import Final, Literal, TypeAlias

from victor_monitoring.language.model.service import KubernetesObjects
from victor_monitoring.language.syntax.tree import Path
from victor_monitoring.promql.prometheus_version import PrometheusVersion
from victor_monitoring.promql.review.reviewed import Reviewed
from victor_monitoring.signals.alert import AlertRule, Guard
from victor_monitoring.signals.go_template.lexer import GoTemplateError
from victor_monitoring.signals.go_template.reader import read
from victor_monitoring.signals.go_template.uses import Uses, uses
from victor_monitoring.signals.kinds.expr import RawExpression
from victor_monitoring.signals.metric import Metric, Selector
from victor_monitoring.signals.quantity import Condition, Quantity
from victor_monitoring.signals.select import Select
from victor_monitoring.signals.selector import WrittenSelector
from victor_monitoring.signals.signal import LabelPairs, Signal
from victor_monitoring.signals.template import Template, has_go_template, is_copy

SERVER_INTERVAL: Final = 60_000
"""The `evaluation_interval` of a Prometheus whose configuration does not give it, in milliseconds."""

EntityKind: TypeAlias = Literal["metric", "signal", "component", "severity"]


@dataclass(frozen=True, slots=True)
class AlertLabels:
    """The names of the labels that every alert gets from the spec; a label that is None is not set."""

    service: str | None = "service"
    owner: str | None = "owner"
    component: str | None = "component"
    signal: str | None = "signal"

    @property
    def names(self) -> tuple[str, ...]:
        """The names of the labels that are set."""
        found = (self.component, self.owner, self.service, self.signal)
        return tuple(name for name in found if name is not None)


@dataclass(frozen=True, slots=True)
class Service:
    """The monitored service, with the context's select and labels merged in.

    `prometheus` is the version of the server; None if the spec does not give it.
    """

    name: str
    title: str
    owner: str | None
    namespace: str | None
    prefix: str
    select: Select
    scope: tuple[str, ...]
    runbooks: str | None
    labels: LabelPairs
    alert_labels: AlertLabels
    prometheus: PrometheusVersion | None

    def fixed_labels(self, severity: str | None, component: str, signal: str) -> dict[str, str]:
        """Return the labels of an alert that the spec's own labels must not overwrite."""
        named = self.alert_labels
        found = {
            "severity": severity,
            named.component: component,
            named.owner: self.owner,
            named.service: self.name,
            named.signal: signal,
        }
        return {label: value for label, value in found.items() if label is not None and value is not None}

    def runbook(self, alert: str) -> str | None:
        """Return the URL of an alert's rendered runbook by its id; None if the spec gives no base URL."""
        return None if self.runbooks is None else f"{self.runbooks}/{alert}"


@dataclass(frozen=True, slots=True)
class Declared:
    """A metric as the spec declares it: its series, and its properties in the registry."""

    metric: Metric
    component: str
    path: Path
    buckets: tuple[Quantity, ...]  # as written
    rest: bool
    may_be_absent: bool
    replaces: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Component:
    """A part of the service. `anchor` is a metric that each target of the component exposes.

    Targets with `honor_labels` do not add their own labels to series that have such.
    """

    name: str
    class_name: str
    endpoint: str
    external: bool
    honor_labels: bool
    select: Select
    labels: LabelPairs
    metrics: tuple[Declared, ...]
    anchor: Selector | None
    written: frozenset[str]  # the keys that are in the spec

    @property
    def path(self) -> Path:
        """The path in the spec."""
        return ("components", self.name)

    @property
    def has_targets(self) -> bool:
        """Whether its targets, and their series, are known by their labels, so that they can be watched."""
        return bool(self.select) and not self.honor_labels


@dataclass(frozen=True)
class Alert(AlertRule):
    """A resolved alert: its rule, and what people read of it.

    `own_labels` and `own_runbook` are those in its entry, `guard_keys` lead from there to each guard.
    """

    guard_keys: tuple[Path, ...]
    detect_within: int | None
    description: Template | None
    actions: tuple[Template, ...]
    own_labels: LabelPairs
    own_runbook: str | None

    @property
    def path(self) -> Path:
        """The path in the spec."""
        return ("alerts", self.group, self.id)

    @property
    def templates(self) -> tuple[tuple[Path, str], ...]:
        """The labels and annotations of its entry that are templates of Prometheus, with their paths."""
        written = {"labels": self.own_labels, "annotations": self.annotations}
        return tuple(
            ((*self.path, key, name), text)
            for key, texts in written.items()
            for name, text in texts
            if has_go_template(text)
        )

    def template_uses(self, prometheus: PrometheusVersion | None) -> Iterator[tuple[Path, Uses]]:
        """Yield the path of each template that this version can read, and the labels and values it uses."""
        for path, text in self.templates:
            with suppress(GoTemplateError):
                yield path, uses(read(text, prometheus))

    @property
    def copied_labels(self) -> frozenset[str]:
        """The labels that the alert sets to the value that they have anyway."""
        return frozenset(label for label, text in self.own_labels if is_copy(label, text))

    @property
    def conditions(self) -> tuple[tuple[Path, Signal, Condition], ...]:
        """The conditions on which firing depends, those of the guards included: each with path and signal."""
        own = ((*self.path, "when"), self.signal, self.condition)
        guards = (((*path, "when"), each.signal, each.condition) for path, each in self.placed_guards)
        return (own, *guards)

    @property
    def placed_guards(self) -> Iterator[tuple[Path, Guard]]:
        """The guards, each with its path in the spec."""
        yield from (
            ((*self.path, *keys), guard) for keys, guard in zip(self.guard_keys, self.guards, strict=True)
        )


@dataclass(frozen=True, slots=True)
class Panel:
    """A panel and its signals; `is_columns` if each signal is a column of a table."""

    title: str
    type: str
    signals: tuple[Signal, ...]
    is_columns: bool
    named: int  # how many of `signal`, `signals` and `columns` are given; 1 is valid
    top: int | None
    path: Path


@dataclass(frozen=True, slots=True)
class Row:
    """A titled row of panels."""

    title: str
    panels: tuple[Panel, ...]


@dataclass(frozen=True, slots=True)
class Dashboard:
    """The dashboard; `refresh` is milliseconds."""

    refresh: int
    rows: tuple[Row, ...]


@dataclass(frozen=True, slots=True)
class Group:
    """The interval of a rule group in milliseconds, and the most alerts or series of a rule; None: any.

    With `is_servers` the interval is that of the server, and assumed.
    """

    evaluate: int
    limit: int | None = None
    is_servers: bool = False


@dataclass(frozen=True, slots=True)
class Meta:
    """The settings of the meta alerts; `pending` is milliseconds."""

    group: str
    pending: int
    severity: str


@dataclass(frozen=True, slots=True)
class Kubernetes:
    """The kind of objects, the key of the rules in their ConfigMap, and how a cluster finds the service.

    `objects` is None if plain files are rendered instead; `labels` are set on every object. `app` are the
    labels of its Service; `port` is the name of the Service's port, or a port number of the pods. Unless both
    are given, no ServiceMonitor is rendered.
    """

    objects: KubernetesObjects | None
    rules_key: str
    labels: LabelPairs
    app: LabelPairs
    port: str | int | None
    path: str


@dataclass(frozen=True, slots=True)
class Receiver:
    """A receiver of alerts; `integrations` are as in Alertmanager's configuration, by their key there."""

    name: str
    severities: tuple[str, ...]
    labels: LabelPairs
    integrations: Mapping[str, Sequence[Mapping[str, object]]]
    path: Path


@dataclass(frozen=True, slots=True)
class Routing:
    """The grouping and routing of Alertmanager; durations are milliseconds.

    `labels` are the labels that the context adds. `context_label_names` are the names of the labels that any
    context adds: inhibition requires them to be equal, so that environments that share an Alertmanager never
    mute each other.
    """

    standalone: bool
    group_wait: int
    group_interval: int
    repeat_interval: int
    labels: LabelPairs
    context_label_names: tuple[str, ...]
    receivers: tuple[Receiver, ...]


@dataclass(frozen=True, slots=True)
class UnknownName:
    """A name that the spec uses and does not define."""

    thing: EntityKind
    name: str
    path: Path
    part: tuple[int, int] | None = None


@dataclass(frozen=True, slots=True)
class SelectorUse:
    """A selector of an existing metric, with its path in the spec."""

    path: Path
    written: WrittenSelector
    selector: Selector


@dataclass(frozen=True, slots=True)
class Ack:
    """An acknowledgement of findings of one check at or below `path`, and its reason."""

    path: Path
    check: str
    reason: str
    until: datetime.date | None

    @property
    def place(self) -> Path:
        """The path of the acknowledgement itself."""
        return (*self.path, "ack", self.check)


@dataclass(frozen=True, slots=True)
class AsWritten:
    """The facts about a spec that only its checks need.

    `checks` are the severities that it gives to checks, `reasons` the paths of the alerts, signals and
    sections that have a `reason`, `signals`, `groups` and `contexts` the names of all signals, groups of
    alerts and contexts, `unknown` the undefined names, and `broken` the paths of the entities that could not
    be read and about which nothing further is reported.
    """

    checks: Mapping[str, str]
    acks: tuple[Ack, ...]
    reasons: frozenset[Path]
    signals: frozenset[str]
    groups: tuple[str, ...]
    contexts: tuple[str, ...]
    unknown: tuple[UnknownName, ...]
    broken: frozenset[Path]


@dataclass(frozen=True)
class Resolved:
    """A whole spec for base (`context` None) or one context. Mappings keep the spec's order.

    It contains only entities that could be resolved.
    """

    context: str | None
    targets: tuple[object, ...]  # as written: each kind of target reads its own settings
    protected: bool
    time_scale: int  # every duration here is already divided by it
    service: Service
    window: int
    evaluate: int
    scrape: int
    severities: tuple[str, ...]
    budget: int | None
    mutation: Fraction | None  # the share of mutants that the cases must detect
    outputs: Mapping[str, str]
    kubernetes: Kubernetes
    routing: Routing
    components: Mapping[str, Component]
    selects: Mapping[str, Select]  # the target labels by which each series is selected
    signals: Mapping[str, Signal]
    alerts: tuple[Alert, ...]
    groups: Mapping[str, Group]  # those with settings; `group` returns any
    recorded_in: Mapping[str, str]  # the group that records each signal used by alerts
    meta: Meta | None
    dashboard: Dashboard | None
    reads: tuple[SelectorUse, ...]
    as_written: AsWritten
    rules_per_group: int | None = None  # the most rules of a rendered group; None: any number
    parts: Mapping[tuple[str, str], str] = field(default_factory=dict)  # rendered groups by rule, if split
    is_servers_interval: bool = False  # `evaluate` is assumed, and not rendered
    base: Resolved | None = None
    contexts: Mapping[str, Resolved] = field(default_factory=dict)  # of base only: the spec in each context

    @cached_property
    def reviewed(self) -> tuple[tuple[Path, Reviewed], ...]:
        """The raw expressions for review, each with its path; what one review infers, all others use."""
        found: list[tuple[Path, Reviewed]] = []
        for signal in self.signals.values():
            if isinstance(signal.kind, RawExpression):
                raw, facts = signal.kind.expression, signal.kind.facts()
                reviewed = Reviewed(raw.written, raw.tree, facts, signal.scrape, signal.scope)
                found.append((("signals", signal.name, signal.kind.NAME), reviewed))
        return tuple(found)

    @property
    def place(self) -> str:
        """The service's name and the context's: distinguishes the copies of a service in one system."""
        return f"{self.service.name}-{self.context}" if self.context else self.service.name

    @property
    def dashboard_title(self) -> str:
        """The title of the dashboard, whether or not there is one."""
        return f"{self.service.title} ({self.context})" if self.context else self.service.title

    def group(self, name: str) -> Group:
        """Return a rule group by its name, whether or not it has settings."""
        return self.groups.get(name) or self.usual_group

    @property
    def usual_group(self) -> Group:
        """A group without settings."""
        return Group(self.evaluate, is_servers=self.is_servers_interval)

    @property
    def intervals(self) -> frozenset[int]:
        """The intervals, in milliseconds, at which rules may be evaluated."""
        return frozenset((self.evaluate, *(each.evaluate for each in self.groups.values())))

    @property
    def recording_group(self) -> str:
        """The name of the group of recordings that no alert reads."""
        return f"{self.service.name.replace('-', '_')}_recording"

    @property
    def group_names(self) -> tuple[str, ...]:
        """The names of all rule groups that the spec may have."""
        meta = [self.meta.group] if self.meta else []
        return tuple(dict.fromkeys((*self.as_written.groups, *meta, self.recording_group)))

    @property
    def prometheus_path(self) -> Path:
        """The path of the version of Prometheus, whether or not it is given."""
        if self.base is not None and self.service.prometheus != self.base.service.prometheus:
            return ("contexts", str(self.context), "prometheus")
        return ("service", "prometheus")

    @property
    def objects_path(self) -> Path:
        """The path of the kind of Kubernetes objects, whether or not it is given."""
        if self.base is not None and self.kubernetes.objects != self.base.kubernetes.objects:
            return ("contexts", str(self.context), "kubernetes", "objects")
        return ("kubernetes", "objects")

    @property
    def declared(self) -> Iterator[Declared]:
        """The metrics of the spec, component by component."""
        for component in self.components.values():
            yield from component.metrics

    @property
    def panels(self) -> Iterator[Panel]:
        """The panels, row by row."""
        for row in self.dashboard.rows if self.dashboard else ():
            yield from row.panels

    def honors_labels(self, select: Select) -> bool:
        """Return whether targets with this select do not add their labels to series that bring such."""
        return any(each.honor_labels and each.select == select for each in self.components.values())

    def rank(self, severity: str | None) -> int:
        """Return the place of a severity among those of the spec, from 0; -1 for another one or None."""
        return self.severities.index(severity) if severity in self.severities else -1

    @property
    def escalations(self) -> Iterator[tuple[Alert, Alert]]:
        """Pairs of alerts with the same signal, guards and direction: each with the next more severe one."""
        alike: dict[object, list[Alert]] = {}
        for alert in self.alerts:
            if self.rank(alert.severity) >= 0 and alert.condition.order:
                key = (alert.signal.name, alert.guards, alert.condition.high_is_bad)
                alike.setdefault(key, []).append(alert)
        for alerts in alike.values():
            ordered = sorted(alerts, key=lambda alert: self.rank(alert.severity))
            for milder, severer in itertools.pairwise(ordered):
                if milder.severity != severer.severity:
                    yield milder, severer
