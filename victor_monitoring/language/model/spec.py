"""The spec as written, key by key. Durations are milliseconds once read."""

from __future__ import annotations

from typing import Annotated, Any, Literal, TypeAlias

from pydantic import AfterValidator, ConfigDict, Field, model_validator

from victor_monitoring.language.model.fields import (
    Acks,
    ConditionField,
    ConfigKey,
    Duration,
    JsonPath,
    KubernetesLabel,
    KubernetesPort,
    KubernetesValue,
    LabelName,
    LabelValue,
    MetricName,
    MetricTypeName,
    ModulePath,
    Name,
    Namespace,
    NumberField,
    ObjectLabel,
    PlainText,
    QuantityField,
    SlugName,
    TargetLabel,
    TemplateField,
    Text,
    UnitField,
    VersionField,
    Written,
    invalid,
)
from victor_monitoring.language.model.signals import Signal
from victor_monitoring.signals.quantity import Quantity
from victor_monitoring.signals.units import COUNT, RATIO

LabelTexts: TypeAlias = dict[TargetLabel, LabelValue]
CheckSeverity: TypeAlias = Literal["off", "note", "warning", "error"]
Merge: TypeAlias = Literal[
    "sum", "max", "min", "mostrecent", "livesum", "livemax", "livemin", "livemostrecent"
]
PanelType: TypeAlias = Literal["timeseries", "stat", "gauge", "bar", "pie", "table"]
KubernetesObjects: TypeAlias = Literal["configmap", "operator"]


def _positive(milliseconds: int) -> int:
    if milliseconds <= 0:
        raise invalid("the duration must be above 0", "write a duration such as `30s` or `5m`")
    return milliseconds


def _each_once(values: list[str]) -> list[str]:
    if twice := [value for index, value in enumerate(values) if value in values[:index]]:
        raise invalid(f"`{twice[0]}` is listed twice", "remove one of them")
    return values


def _version(value: int) -> int:
    if value != 1:
        message = f"version {value} of the spec language is not supported, only version 1 is"
        raise invalid(message, "upgrade `victor-monitoring`, or write `victor_mon: 1`")
    return value


def _share(value: Quantity) -> Quantity:
    if value.unit != RATIO or not 0 <= value.value <= 1:
        raise invalid(f"`{value.text}` is not a share from 0% to 100%", "write a share such as `100%`")
    return value


Period = Annotated[Duration, AfterValidator(_positive)]


class Service(Written):
    """The monitored service: its names, the labels that select its targets, and the labels of its alerts."""

    name: SlugName
    title: PlainText
    owner: PlainText
    namespace: Namespace | None = None
    metric_prefix: Annotated[str, Field(pattern=r"^[a-zA-Z_][a-zA-Z0-9_]*_$")]
    select: Annotated[LabelTexts, Field(min_length=1)]
    scope: list[TargetLabel] = []
    runbooks: PlainText | None = None
    labels: LabelTexts = {}
    prometheus: VersionField | None = None
    ack: Acks = {}


class Defaults(Written):
    """Default durations: the window of signals, and the intervals of evaluation and scraping."""

    window: Period = 300_000
    evaluate_every: Period = 30_000
    scrape_every: Period = 15_000
    reason: Text | None = None


class Budget(Written):
    """The maximum number of series that one target may expose."""

    series: Annotated[int, Field(gt=0)]
    reason: Text | None = None


class Proof(Written):
    """The share of mutated rules that the derived tests must catch."""

    mutation: Annotated[QuantityField, AfterValidator(_share)]


class Outputs(Written):
    """The paths of rendered files, relative to the root; null switches an output off.

    `tests`, a file of the rule tests for promtool, is off unless it is named: `victor-mon test` needs none.
    `{service}` in a default is the service's name, `{identifier}` the same with underscores.
    """

    rules: Text | None = "generated/{service}-alerts.yaml"
    tests: Text | None = None
    dashboard: JsonPath | None = "generated/{service}-dashboard.json"
    registry: ModulePath | None = "generated/{identifier}_registry.py"
    alertmanager: Text | None = "generated/{service}-alertmanager.yaml"
    kubernetes: Text | None = "deployment/kubernetes/{service}"
    overlays: Text | None = "deployment/kubernetes/overlays/{context}/{service}"
    docs: Text | None = "generated/docs/{service}"
    ack: Acks = {}


class Alertmanager(Written):
    """The timing of notifications, and whether a whole configuration or a fragment is rendered."""

    standalone: bool = False
    group_wait: Duration = 30_000
    group_interval: Period = 60_000
    repeat_interval: Period = 14_400_000


class Kubernetes(Written):
    """The kind and labels of rendered objects, and the labels and port by which a cluster finds the service.

    With `objects: null` plain files are rendered instead.
    """

    objects: KubernetesObjects | None = "configmap"
    rules_key: ConfigKey = "rules.yaml"
    labels: dict[ObjectLabel, KubernetesValue] = {}
    app: dict[KubernetesLabel, KubernetesValue] = {}
    port: KubernetesPort | None = None
    path: Annotated[str, Field(pattern=r"^/")] = "/metrics"
    ack: Acks = {}


def _list_or_open(schema: dict[str, Any]) -> None:
    """Allow a list of values alone in the JSON Schema of a label, as the spec does."""
    properties = schema.pop("properties")
    values = properties.pop("values")["anyOf"][0]
    is_open = {
        "type": "object",
        "required": ["open"],
        "additionalProperties": False,
        "properties": properties,
    }
    schema.pop("additionalProperties", None)
    schema.pop("type", None)
    schema["anyOf"] = [values, is_open]


class Label(Written):
    """A label: a list of values, or `{open: true, limit: N}`: values after the first N become `other`."""

    model_config = ConfigDict(json_schema_extra=_list_or_open)

    values: Annotated[list[Text], Field(min_length=1), AfterValidator(_each_once)] | None = None
    open: Literal[True] | None = None
    limit: Annotated[int, Field(gt=0)] | None = None

    @model_validator(mode="before")
    @classmethod
    def _closed_or_open(cls, value: Any) -> Any:
        if isinstance(value, list):
            return {"values": value}
        if not isinstance(value, dict) or "values" in value or "open" not in value:
            hint = "list its values, or write `{open: true, limit: 200}`"
            raise invalid("a label is a list of values, or open", hint)
        return value


class Metric(Written):
    """A metric: its type, unit and labels as they are exposed."""

    type: MetricTypeName
    help: Text
    unit: UnitField = Field(default_factory=lambda: COUNT, json_schema_extra={"default": "count"})
    labels: dict[LabelName, Label] = {}
    buckets: Annotated[list[QuantityField], Field(min_length=1)] | None = None
    merge: Merge | None = None
    range: Annotated[list[NumberField], Field(min_length=2, max_length=2)] | None = None
    rest: bool = False
    may_be_absent: bool = False
    replaces: list[MetricName] = []
    ack: Acks = {}


class Component(Written):
    """A part of the service: a REST section, a class of the registry, and its metrics."""

    class_: Annotated[str, Field(pattern=r"^[A-Z][A-Za-z0-9]*$")] | None = Field(default=None, alias="class")
    endpoint: Annotated[str, Field(pattern=r"^[a-z][a-z0-9_-]*$")] | None = None
    external: bool = False
    select: Annotated[LabelTexts, Field(min_length=1)] | None = None
    labels: LabelTexts = {}
    anchor: MetricName | None = None
    metrics: dict[MetricName, Metric]
    ack: Acks = {}


class Guard(Written):
    """The second condition of an alert, which must be true as well."""

    signal: Name
    when: ConditionField


class Alert(Written):
    """A signal, the condition and duration that make the alert fire, and the texts of its notification."""

    signal: Name
    when: ConditionField
    only_if: Guard | None = None
    for_: Duration = Field(default=0, alias="for")
    keep_firing_for: Duration | None = None
    severity: Name
    detect_within: Period | None = None
    component: Name | None = None
    summary: TemplateField | None = None
    description: TemplateField | None = None
    actions: list[TemplateField] = []
    labels: LabelTexts = {}
    ack: Acks = {}
    reason: Text | None = None


class Meta(Written):
    """The meta alerts: alerts about monitoring itself."""

    group: Name | None = None
    for_: Duration = Field(default=300_000, alias="for")
    severity: Name | None = None
    ack: Acks = {}
    reason: Text | None = None


class Panel(Written):
    """A panel of the dashboard: its type and its signals."""

    title: Text
    type: PanelType
    signal: Name | None = None
    signals: Annotated[list[Name], Field(min_length=1)] | None = None
    columns: Annotated[list[Name], Field(min_length=1)] | None = None
    top: Annotated[int, Field(gt=0)] | None = None
    ack: Acks = {}


class Row(Written):
    """A titled row of panels."""

    title: Text
    panels: Annotated[list[Panel], Field(min_length=1)]


class Dashboard(Written):
    """The dashboard, row by row."""

    refresh: Period = 30_000
    rows: list[Row]
    ack: Acks = {}


Integrations: TypeAlias = list[dict[str, Any]]  # copied to Alertmanager's configuration, which validates them


class Receiver(Written):
    """A receiver of the alerts with these severities and labels; of all alerts if neither is given."""

    severities: list[Name] = []
    labels: LabelTexts = {}
    webhook_configs: Integrations = []
    email_configs: Integrations = []
    slack_configs: Integrations = []
    pagerduty_configs: Integrations = []
    opsgenie_configs: Integrations = []
    msteams_configs: Integrations = []
    discord_configs: Integrations = []
    telegram_configs: Integrations = []
    pushover_configs: Integrations = []
    victorops_configs: Integrations = []
    webex_configs: Integrations = []
    wechat_configs: Integrations = []
    sns_configs: Integrations = []
    ack: Acks = {}

    def integrations(self) -> dict[str, Integrations]:
        """Return the integrations that are given, by their keys in Alertmanager's configuration."""
        named = (name for name in type(self).model_fields if name.endswith("_configs"))
        return {name: value for name in named if (value := getattr(self, name))}


class Context(Written):
    """A place where the spec is applied, with its own labels, select and overrides."""

    labels: LabelTexts = {}
    select: LabelTexts = {}
    prometheus: VersionField | None = None
    protected: bool = False
    kubernetes: Kubernetes = Field(default_factory=Kubernetes)
    receivers: dict[Name, Receiver] = {}
    targets: list[Any] = []
    override: dict[str, Any] = {}
    time_scale: Annotated[int, Field(gt=0)] = 1
    ack: Acks = {}


class Spec(Written):
    """A whole spec."""

    victor_mon: Annotated[int, AfterValidator(_version)]
    service: Service
    defaults: Defaults = Field(default_factory=Defaults)
    severities: Annotated[list[Name], Field(min_length=1), AfterValidator(_each_once)] = [
        "warning",
        "critical",
    ]
    budget: Budget | None = None
    checks: dict[str, CheckSeverity] = {}
    proof: Proof | None = None
    outputs: Outputs = Field(default_factory=Outputs)
    alertmanager: Alertmanager = Field(default_factory=Alertmanager)
    kubernetes: Kubernetes = Field(default_factory=Kubernetes)
    components: dict[Name, Component] = {}
    signals: dict[Name, Signal] = {}
    alerts: dict[Name, dict[Name, Alert] | None] = {}
    meta: Meta | None = Field(default_factory=Meta)
    dashboard: Dashboard | None = None
    contexts: dict[SlugName, Context] = {}
