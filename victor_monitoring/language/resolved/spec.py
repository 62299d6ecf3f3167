"""What checks and renderers see: the spec with every reference followed, for base or one context."""

from __future__ import annotations

import datetime
import itertools
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from typing import Literal, TypeAlias

from victor_monitoring.language.model.template import Template
from victor_monitoring.language.syntax.tree import Path
from victor_monitoring.promql.prometheus_version import PrometheusVersion
from victor_monitoring.promql.tree import Binary, Expr, Matcher, Number
from victor_monitoring.signals.alert import Guard
from victor_monitoring.signals.metric import Metric, Selector
from victor_monitoring.signals.quantity import Condition, Quantity
from victor_monitoring.signals.selector import WrittenSelector
from victor_monitoring.signals.signal import Signal

LabelPairs: TypeAlias = tuple[tuple[str, str], ...]
EntityKind: TypeAlias = Literal["metric", "signal", "component", "severity"]


@dataclass(frozen=True, slots=True)
class Service:
    """The monitored service, with the context's select and labels merged in.

    `prometheus` is the version that runs; None where the spec does not say.
    """

    name: str
    title: str
    owner: str
    namespace: str | None
    prefix: str
    select: tuple[Matcher, ...]
    scope: tuple[str, ...]
    runbooks: str | None
    labels: LabelPairs
    prometheus: PrometheusVersion | None

    def runbook(self, alert: str) -> str | None:
        """The address of an alert's runbook; None where the spec has no public base for them."""
        return None if self.runbooks is None else f"{self.runbooks}/{alert}"


@dataclass(frozen=True, slots=True)
class Declared:
    """A metric of the spec and what is said about it beyond its series."""

    metric: Metric
    component: str
    path: Path
    buckets: tuple[Quantity, ...]  # as written
    rest: bool
    may_be_absent: bool
    replaces: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Component:
    """A part of the service. `anchor` is the metric that is on every target where the component is."""

    name: str
    class_name: str
    endpoint: str
    external: bool
    select: tuple[Matcher, ...]
    labels: LabelPairs
    metrics: tuple[Declared, ...]
    anchor: Selector | None
    written: frozenset[str]  # the keys that the spec gives

    @property
    def path(self) -> Path:
        """Where it stands in the spec."""
        return ("components", self.name)


@dataclass(frozen=True, slots=True)
class Alert:
    """A resolved alert; durations are milliseconds, `labels` all that it adds to its series' labels."""

    name: str
    group: str
    signal: Signal
    condition: Condition
    guard: Guard | None
    pending: int
    keep_firing: int | None
    detect_within: int | None
    severity: str
    component: str
    summary: Template | None
    description: Template | None
    actions: tuple[Template, ...]
    labels: LabelPairs
    own_labels: LabelPairs

    @property
    def path(self) -> Path:
        """Where it stands in the spec."""
        return ("alerts", self.group, self.name)

    @property
    def conditions(self) -> tuple[tuple[Path, Signal, Condition], ...]:
        """The conditions that must hold, the guard's too: each with its place and what it is about."""
        own = ((*self.path, "when"), self.signal, self.condition)
        if self.guard is None:
            return (own,)
        return (own, ((*self.path, "only_if", "when"), self.guard.signal, self.guard.condition))

    @property
    def signals(self) -> tuple[Signal, ...]:
        """What it watches: its own signal, then the guard's."""
        return tuple(signal for _, signal, _ in self.conditions)

    @property
    def expr(self) -> Expr:
        """The expression that fires: the signal beyond its threshold, while the guard holds."""
        fires = compared(self.signal, self.condition)
        if self.guard is None:
            return fires
        return Binary(
            "and", fires, compared(self.guard.signal, self.guard.condition), self.guard.signal.labels
        )


@dataclass(frozen=True, slots=True)
class Panel:
    """A panel and the signals that it draws; `is_columns` where each signal is a table's column."""

    title: str
    type: str
    signals: tuple[Signal, ...]
    is_columns: bool
    named: int  # in how many ways the signals are named; one is right
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
class Meta:
    """The alerts on monitoring itself; `pending` is milliseconds."""

    group: str
    pending: int
    severity: str


@dataclass(frozen=True, slots=True)
class Kubernetes:
    """How the rules are named in their ConfigMap, and how the service is found in a cluster.

    `labels` are set on every object that is rendered. `app` are the labels of its Service; `port` is the name
    of the Service's port, or the number that the pods listen on. Without both nothing says what to scrape.
    """

    rules_key: str
    labels: LabelPairs
    app: LabelPairs
    port: str | int | None
    path: str


@dataclass(frozen=True, slots=True)
class Receiver:
    """Who is told of alerts: `integrations` are Alertmanager's own words, by their key there."""

    name: str
    severities: tuple[str, ...]
    labels: LabelPairs
    integrations: Mapping[str, Sequence[Mapping[str, object]]]
    path: Path


@dataclass(frozen=True, slots=True)
class Routing:
    """How Alertmanager groups and passes on; durations are milliseconds.

    `labels` are those that the context adds; `told_apart` names those that any context adds, so that
    environments that share an Alertmanager never mute each other.
    """

    standalone: bool
    group_wait: int
    group_interval: int
    repeat_interval: int
    labels: LabelPairs
    told_apart: tuple[str, ...]
    receivers: tuple[Receiver, ...]


@dataclass(frozen=True, slots=True)
class UnknownName:
    """A name that the spec uses and nothing defines."""

    thing: EntityKind
    name: str
    path: Path
    part: tuple[int, int] | None = None


@dataclass(frozen=True, slots=True)
class SelectorUse:
    """A selector where it is written, of a metric that exists."""

    path: Path
    written: WrittenSelector
    selector: Selector


@dataclass(frozen=True, slots=True)
class Ack:
    """A finding that is accepted below `path`, and why."""

    path: Path
    check: str
    reason: str
    until: datetime.date | None

    @property
    def place(self) -> Path:
        """Where the acknowledgement itself stands."""
        return (*self.path, "ack", self.check)


@dataclass(frozen=True, slots=True)
class Resolved:
    """A whole spec for base (`context` None) or one context. Mappings keep the spec's order.

    Only what could be resolved is here; `unknown` holds the names that lead nowhere, `broken` the
    paths of what could not be read, about which nothing more is said.
    """

    context: str | None
    component: str | None  # the kind of Kubernetes objects that the context gets
    targets: tuple[object, ...]  # as they are written: each kind of target reads its own settings
    protected: bool
    time_scale: int  # by which every duration here is divided already
    service: Service
    window: int
    evaluate: int
    scrape: int
    severities: tuple[str, ...]
    budget: int | None
    mutation: Fraction | None  # the share of mutated rules that must be noticed
    checks: Mapping[str, str]
    outputs: Mapping[str, str]
    kubernetes: Kubernetes
    routing: Routing
    components: Mapping[str, Component]
    series: Mapping[str, Metric]
    selects: Mapping[str, tuple[Matcher, ...]]
    signals: Mapping[str, Signal]
    alerts: tuple[Alert, ...]
    meta: Meta | None
    dashboard: Dashboard | None
    reads: tuple[SelectorUse, ...]
    unknown: tuple[UnknownName, ...]
    names: Mapping[EntityKind, frozenset[str]]
    acks: tuple[Ack, ...]
    reasons: frozenset[Path]  # of the alerts, signals and sections that say why they are as they are
    broken: frozenset[Path]
    base: Resolved | None = None
    contexts: Mapping[str, Resolved] = field(default_factory=dict)  # of base only: the spec in each context

    @property
    def place(self) -> str:
        """The service's name, with the context's behind it: what tells its copies in one system apart."""
        return f"{self.service.name}-{self.context}" if self.context else self.service.name

    @property
    def prometheus_path(self) -> Path:
        """Where the version of Prometheus is written, if it is."""
        if self.base is not None and self.service.prometheus != self.base.service.prometheus:
            return ("contexts", str(self.context), "prometheus")
        return ("service", "prometheus")

    @property
    def declared(self) -> Iterator[Declared]:
        """Every metric of the spec, component by component."""
        for component in self.components.values():
            yield from component.metrics

    @property
    def panels(self) -> Iterator[Panel]:
        """Every panel, row by row."""
        for row in self.dashboard.rows if self.dashboard else ():
            yield from row.panels

    @property
    def escalations(self) -> Iterator[tuple[Alert, Alert]]:
        """Alerts on one signal under one guard, in one direction: each with the next more severe one."""
        alike: dict[object, list[Alert]] = {}
        for alert in self.alerts:
            if alert.severity in self.severities:
                key = (alert.signal.name, alert.guard, alert.condition.high_is_bad)
                alike.setdefault(key, []).append(alert)
        for alerts in alike.values():
            ordered = sorted(alerts, key=lambda alert: self.severities.index(alert.severity))
            for milder, severer in itertools.pairwise(ordered):
                if milder.severity != severer.severity:
                    yield milder, severer

    def own_select(self, metric: str) -> tuple[Matcher, ...]:
        """The target labels by which a metric's series are selected."""
        return self.selects[metric]


def compared(signal: Signal, condition: Condition) -> Binary:
    """The signal's value held against the threshold."""
    return Binary(condition.op, signal.value(), Number(condition.threshold.value))
