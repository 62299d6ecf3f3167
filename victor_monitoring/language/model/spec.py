"""The spec as written, key by key, and the keys of its dashboard. Durations are milliseconds once read."""

from __future__ import annotations

from typing import Annotated, Literal, TypeAlias

from pydantic import AfterValidator, Field

from victor_monitoring.language.model.alerts import Alert, Group, Meta
from victor_monitoring.language.model.components import Component
from victor_monitoring.language.model.contexts import Context
from victor_monitoring.language.model.fields import (
    Acks,
    AlertId,
    GroupName,
    Name,
    Period,
    SeverityName,
    SlugName,
    Text,
    Written,
    each_once,
    invalid,
)
from victor_monitoring.language.model.service import (
    Alertmanager,
    Budget,
    Defaults,
    Kubernetes,
    Outputs,
    Proof,
    Service,
)
from victor_monitoring.language.model.signals import Signal

CheckSeverity: TypeAlias = Literal["off", "note", "warning", "error"]
PanelType: TypeAlias = Literal["timeseries", "stat", "gauge", "bar", "pie", "table"]


def _version(value: int) -> int:
    if value != 1:
        message = f"version {value} of the spec language is not supported, only version 1 is"
        raise invalid(message, "upgrade `victor-monitoring`, or write `victor_mon: 1`")
    return value


class Panel(Written):
    """A panel of the dashboard: its type and its signals."""

    title: Text
    """The title of the panel. Example: `Error Ratio`"""
    type: PanelType
    """The kind of panel: `bar` is a bar gauge, and all but `timeseries` show the current value. Example:
    `timeseries`"""
    signal: Name | None = None
    """The signal that the panel draws. Default: none; the panel has `signals` or `columns`. Example:
    `error_ratio`"""
    signals: Annotated[list[Name], Field(min_length=1)] | None = None
    """Several signals of one unit in one panel, each with its own thresholds. Example: `[latency_p50,
    latency_p95]`"""
    columns: Annotated[list[Name], Field(min_length=1)] | None = None
    """The signals of a table, a column each; they have the same `by`. Example: `[provider_up,
    provider_failures]`"""
    top: Annotated[int, Field(gt=0)] | None = None
    """The number of series to show: the highest, or the lowest where low is bad. Default: all. Example:
    `10`"""
    ack: Acks = {}


class Row(Written):
    """A titled row of panels."""

    title: Text
    """The title of the row. Example: `Overview`"""
    panels: Annotated[list[Panel], Field(min_length=1)]
    """The panels from left to right. Example: `[{title: Error Ratio, type: gauge, signal: error_ratio}]`"""


class Dashboard(Written):
    """The dashboard, row by row."""

    refresh: Period = 30_000
    """The interval at which Grafana reloads the dashboard. Example: `1m`"""
    rows: list[Row]
    """The rows from top to bottom. Example: `[{title: Overview, panels: [{title: Error Ratio, type: gauge,
    signal: error_ratio}]}]`"""
    ack: Acks = {}


class Spec(Written):
    """A whole spec."""

    victor_mon: Annotated[int, AfterValidator(_version)]
    """The version of the spec language. Example: `1`"""
    extends: Text | list[Text] = []
    """The file, or files, with the keys that specs share, such as contexts and receivers: this spec is merged
    over them, mapping by mapping, and a later file over an earlier one; lists and single values are replaced.
    Paths are relative to this file. Example: `../org/base.yaml`"""
    service: Service
    """The service that is monitored. Example: `{name: shop, title: Web Shop, owner: payments, metric_prefix:
    shop_, select: {job: shop}}`"""
    defaults: Defaults = Field(default_factory=Defaults)
    """The durations that all signals and rules share. Example: `{window: 10m}`"""
    severities: Annotated[list[SeverityName], Field(min_length=1), AfterValidator(each_once)] = [
        "warning",
        "critical",
    ]
    """The words for the severity of an alert, from mild to severe; colours, routes and inhibitions follow
    their order. Example: `[info, warning, critical]`"""
    budget: Budget | None = None
    """The largest number of series that a target may expose. Default: unchecked. Example: `{series: 5000}`"""
    checks: dict[str, CheckSeverity] = {}
    """The level of single checks, by name or code: `off`, `note`, `warning` or `error`. Default: the level of
    each check. Example: `{unshown-alert: note}`"""
    proof: Proof | None = None
    """How good the derived rule tests must be. Default: unchecked. Example: `{mutation: 100%}`"""
    outputs: Outputs = Field(default_factory=Outputs)
    """The paths of the rendered files. Example: `{rules: monitoring/alerts.yaml, docs: null}`"""
    alertmanager: Alertmanager = Field(default_factory=Alertmanager)
    """The timing of notifications. Example: `{group_wait: 10s}`"""
    kubernetes: Kubernetes = Field(default_factory=Kubernetes)
    """The Kubernetes objects that are rendered. Example: `{objects: operator, app: {app: shop}, port:
    http}`"""
    components: dict[Name, Component] = {}
    """The parts of the service with their metrics, by name. Example: `{cart: {metrics: {shop_carts_open:
    {type: gauge, merge: livesum, help: Carts that are not ordered yet.}}}}`"""
    signals: dict[Name, Signal] = {}
    """The numbers that alerts watch and panels draw, by name. Example: `{request_rate: {title: Requests,
    unit: per_second, rate: {of: shop_requests_total}}}`"""
    groups: dict[GroupName, Group] = {}
    """The settings of rule groups, by the name of the group. Example: `{shop_cart: {evaluate_every: 1m}}`"""
    alerts: dict[GroupName, dict[AlertId, Alert] | None] = {}
    """The alerts, by rule group and id. Example: `{shop_cart: {ManyCarts: {signal: carts, when: "> 100",
    severity: warning, summary: "{value} carts are open"}}}`"""
    meta: Meta | None = Field(default_factory=Meta)
    """The alerts about targets, services and metrics that are absent; `null` switches them off. Example:
    `{for: 2m}`"""
    dashboard: Dashboard | None = None
    """The dashboard. Default: none is rendered. Example: `{rows: [{title: Overview, panels: [{title: Carts,
    type: stat, signal: carts}]}]}`"""
    contexts: dict[SlugName, Context] = {}
    """The places where the spec is applied, by name. Example: `{prod: {labels: {environment: prod}, select:
    {namespace: shop-prod}}}`"""
