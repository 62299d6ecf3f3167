"""The keys of the service, of rendered files and of objects around them."""

from __future__ import annotations

from typing import Annotated, Literal, TypeAlias

from pydantic import AfterValidator, Field, model_validator

from victor_monitoring.language.model.fields import (
    Acks,
    ConfigKey,
    Duration,
    JsonPath,
    KubernetesLabel,
    KubernetesPort,
    KubernetesValue,
    LabelTexts,
    ModulePath,
    Namespace,
    ObjectLabel,
    Period,
    PlainText,
    QuantityField,
    Reason,
    Select,
    SlugName,
    TargetLabel,
    Text,
    VersionField,
    Written,
    invalid,
)
from victor_monitoring.signals.quantity import Quantity
from victor_monitoring.signals.units import RATIO

KubernetesObjects: TypeAlias = Literal["configmap", "operator"]


def _share(value: Quantity) -> Quantity:
    if value.unit != RATIO or not 0 <= value.value <= 1:
        raise invalid(f"`{value.text}` is not a share from 0% to 100%", "write a share such as `100%`")
    return value


_OTHER_LABELS = ("severity", "alertname", "alertstate", "instance", "metric")  # that alerts have anyway


class AlertLabels(Written):
    """The labels of every alert that it gets from the spec: their names, or `null` for no label."""

    service: TargetLabel | None = "service"
    """The label with the service's name. Without it, neither routes nor inhibitions are rendered. Example:
    `app`"""
    owner: TargetLabel | None = "owner"
    """The label with the team that answers for the service. Example: `team`"""
    component: TargetLabel | None = "component"
    """The label with the component of the alert. Example: `part`"""
    signal: TargetLabel | None = "signal"
    """The label with the alert's signal. Without it, no inhibitions are rendered. Example: `null`"""

    @model_validator(mode="after")
    def _each_has_its_own(self) -> AlertLabels:
        names = [name for name in (self.service, self.owner, self.component, self.signal) if name]
        taken = (*_OTHER_LABELS, *(name for index, name in enumerate(names) if name in names[:index]))
        if twice := [name for name in names if name in taken]:
            raise invalid(f"alerts already have a label `{twice[0]}`", "choose another name")
        return self


class Service(Written):
    """The monitored service: its names, the labels that select its targets, and the labels of its alerts."""

    name: SlugName
    """The name of the service: in default paths, the dashboard's uid, the names of objects and a label
    of alerts. Example: `shop`"""
    title: PlainText
    """The name of the service for people, as the title of the dashboard. Example: `Web Shop`"""
    owner: PlainText | None = None
    """The team that answers for the service: a label of every alert. Required unless all components are
    external. Example: `payments`"""
    namespace: Namespace | None = None
    """The Kubernetes namespace of the rendered objects. Default: none; kubectl then uses its current one.
    Example: `monitoring`"""
    metric_prefix: Annotated[str, Field(pattern=r"^[a-zA-Z_][a-zA-Z0-9_]*_$")] | None = None
    """The beginning of the name of every metric that is not external; it is checked, never added. Required
    unless all components are external. Example: `shop_`"""
    select: Select | None = None
    """The target labels that the service's targets have; every selector in every rendered file carries them.
    A value that starts with `=~` is a regular expression (RE2) for the whole value of the label. Required
    unless all components are external. Example: `{job: shop, zone: "=~eu-.+"}`"""
    scope: list[TargetLabel] = []
    """The target labels that tell deployments apart; every aggregation keeps them, so deployments are never
    added up. Example: `[namespace]`"""
    runbooks: PlainText | None = None
    """The address below which you publish the rendered runbooks, without `.md`: an alert links to this
    address, a slash and its key, unless it has a `runbook`. Default: none; alerts have no link. Example:
    `https://runbooks.example.org/shop`"""
    labels: LabelTexts = {}
    """Labels that are added to every alert. Example: `{team: payments}`"""
    alert_labels: AlertLabels = Field(default_factory=AlertLabels)
    """The names of the labels that every alert gets from the spec. Example: `{owner: team, component:
    null}`"""
    prometheus: VersionField | None = None
    """The version of Prometheus in use; the values that a service computes itself follow it. Default:
    unknown; values are computed as Prometheus 3 does. Example: `"2.42"`"""
    ack: Acks = {}


class Defaults(Written):
    """Default durations: the window of signals, and the intervals of evaluation and scraping."""

    window: Period = 300_000
    """The range over which rates, ratios, means and quantiles are computed, unless the signal has its own.
    Example: `10m`"""
    evaluate_every: Period | None = 30_000
    """The interval at which Prometheus evaluates the rules. `null` leaves it to the
    server, whose default of 1m is then assumed for delays. Example: `1m`"""
    scrape_every: Period = 15_000
    """The interval at which Prometheus scrapes the targets; look-backs and checks of windows depend on it.
    Example: `30s`"""
    reason: Reason = None


class Budget(Written):
    """The maximum number of series that one target may expose."""

    series: Annotated[int, Field(gt=0)]
    """The largest number of series that one target may expose, with every label at its limit. Example:
    `5000`"""
    reason: Reason = None


class Proof(Written):
    """The share of mutated rules that the derived tests must catch."""

    mutation: Annotated[QuantityField, AfterValidator(_share)]
    """The share of mutated rules that the derived tests must notice, or `victor-mon test --mutate` fails.
    Example: `100%`"""


class Outputs(Written):
    """The paths of rendered files, relative to the root; null switches an output off.

    `tests`, a file of the rule tests for promtool, is off unless it is named: `victor-mon test` needs none.
    `{service}` in a default is the service's name, `{identifier}` the same with underscores.
    """

    rules: Text | None = "generated/{service}-alerts.yaml"
    """The file of alerting and recording rules for Prometheus. Example: `monitoring/alerts.yaml`"""
    tests: Text | None = None
    """A file of the derived rule tests for `promtool test rules`; `victor-mon test` does not need it.
    Default: off. Example: `monitoring/alerts.test.yaml`"""
    dashboard: JsonPath | None = "generated/{service}-dashboard.json"
    """The dashboard for Grafana, a file that ends in `.json`. Example: `monitoring/dashboard.json`"""
    registry: ModulePath | None = "generated/{identifier}_registry.py"
    """The Python module with the typed metrics that the service instruments itself with; its name can be
    imported. Example: `src/shop/shop_registry.py`"""
    alertmanager: Text | None = "generated/{service}-alertmanager.yaml"
    """The fragment for Alertmanager with routes, receivers and inhibitions, or the whole configuration if
    `standalone`. Example: `monitoring/alertmanager.yaml`"""
    kubernetes: Text | None = "deployment/kubernetes/{service}"
    """The folder of the Kubernetes objects of base. Example: `deploy/monitoring`"""
    overlays: Text | None = "deployment/kubernetes/overlays/{context}/{service}"
    """The folder of everything that a context renders; `{context}` in it is the context's name. Example:
    `deploy/{context}/monitoring`"""
    docs: Text | None = "generated/docs/{service}"
    """The folder of the reference and the runbooks. Example: `docs/monitoring`"""
    ack: Acks = {}


class Alertmanager(Written):
    """The timing of notifications, and whether a whole configuration or a fragment is rendered."""

    standalone: bool = False
    """Whether a whole configuration is rendered instead of a fragment for one that others share. Example:
    `true`"""
    group_wait: Duration = 30_000
    """How long Alertmanager waits for more alerts before it sends the first notification of a group. Example:
    `10s`"""
    group_interval: Period = 60_000
    """How long it waits before it sends news about a group that it has notified of. Example: `5m`"""
    repeat_interval: Period = 14_400_000
    """How long it waits before it repeats a notification that is still true. Example: `12h`"""


class Kubernetes(Written):
    """The kind and labels of rendered objects, and the labels and port by which a cluster finds the service.

    With `objects: null` plain files are rendered instead.
    """

    objects: KubernetesObjects | None = "configmap"
    """The kind of objects: ConfigMaps, those of the Prometheus operator, or `null` for plain files. Example:
    `operator`"""
    rules_key: ConfigKey = "rules.yaml"
    """The file name of the rules in their ConfigMap. Example: `shop.yaml`"""
    labels: dict[ObjectLabel, KubernetesValue] = {}
    """Labels of every rendered object, such as those by which the operator selects; a context adds to them.
    Example: `{release: kube-prometheus-stack}`"""
    app: dict[KubernetesLabel, KubernetesValue] = {}
    """The labels of the Service by which the operator finds what to scrape. Example: `{app: shop}`"""
    port: KubernetesPort | None = None
    """The port that is scraped: its name in the Service, or its number in the pods. Example: `http`"""
    path: Annotated[str, Field(pattern=r"^/")] = "/metrics"
    """The HTTP path that is scraped. Example: `/internal/metrics`"""
    ack: Acks = {}
