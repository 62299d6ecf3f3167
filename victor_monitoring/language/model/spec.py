"""The spec as written, key by key. Durations are milliseconds once read."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated, Any, Literal, TypeAlias

from pydantic import (
    AfterValidator,
    ConfigDict,
    Discriminator,
    Field,
    Tag,
    ValidationInfo,
    field_validator,
    model_validator,
)

from victor_monitoring.language.model.fields import (
    Acks,
    AlertId,
    ConditionField,
    ConfigKey,
    Duration,
    GroupName,
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
    Reason,
    SelectValue,
    SeverityName,
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
from victor_monitoring.language.syntax.tree import Path
from victor_monitoring.signals.alert import GuardSense
from victor_monitoring.signals.quantity import Quantity
from victor_monitoring.signals.units import COUNT, RATIO

LabelTexts: TypeAlias = dict[TargetLabel, LabelValue]
Select: TypeAlias = dict[TargetLabel, SelectValue]
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
    """All values that the label can have. Example: `[success, failure]`"""
    open: Literal[True] | None = None
    """Declares that the values are not known beforehand. Example: `true`"""
    limit: Annotated[int, Field(gt=0)] | None = None
    """The largest number of values; the registry counts further ones as `other`. Default: none, which VM503
    reports unless the component is external. Example: `200`"""

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
    """The type of the metric. Example: `counter`"""
    help: Text | None = None
    """The meaning of the metric for people; the registry exposes it. Default: none, for metrics of external
    components only. Example: `Requests by outcome.`"""
    unit: UnitField = Field(default_factory=lambda: COUNT, json_schema_extra={"default": "count"})
    """The unit of the values as they are exposed; metrics that are not external use base units. Example:
    `seconds`"""
    labels: dict[LabelName, Label] = {}
    """The labels of the metric: the values of each, or that it is open. Example: `{outcome: [success,
    failure], tool: {open: true, limit: 200}}`"""
    buckets: Annotated[list[QuantityField], Field(min_length=1)] | None = None
    """The upper bounds of a histogram's buckets; thresholds of quantiles lie on them. Default: not known, for
    metrics of external components only. Example: `[100ms, 500ms, 1s, 5s]`"""
    merge: Merge | None = None
    """How the values of several worker processes become one: required for gauges that are not external;
    `live` modes forget ended processes. Example: `livesum`"""
    range: Annotated[list[NumberField], Field(min_length=2, max_length=2)] | None = None
    """The least and the greatest possible value of a gauge. Default: that of the unit. Example: `[0, 1]`"""
    rest: bool = False
    """A mark for a metric that only the REST API shows, and no signal reads. Example: `true`"""
    may_be_absent: bool = False
    """Whether a healthy target may have no series of it yet; `verify` then accepts that there are none.
    Example: `true`"""
    recorded: bool = False
    """Whether somebody else's recording rule makes the metric, and no target exposes it: it has the labels
    that it declares and no others, not even those of a target. Example: `true`"""
    replaces: list[MetricName] = []
    """Older names that this metric supersedes, for the rendered reference. Example: `[shop_error_rate]`"""
    ack: Acks = {}


class Component(Written):
    """A part of the service: a REST section, a class of the registry, and its metrics."""

    class_: Annotated[str, Field(pattern=r"^[A-Z][A-Za-z0-9]*$")] | None = Field(default=None, alias="class")
    """The name of the component's class in the registry. Default: made from the component's name. Example:
    `CartMetrics`"""
    endpoint: Annotated[str, Field(pattern=r"^[a-z][a-z0-9_-]*$")] | None = None
    """The name of the component's section in the REST API; components may share one. Default: the component's
    name, with hyphens. Example: `cart`"""
    external: bool = False
    """Whether other code exports the metrics, in any language: they are checked, drawn and verified, and no
    registry is rendered for them. Example: `true`"""
    select: Select | None = None
    """The target labels of the component's own targets, in place of the service's `select`; `{}` for an
    external component with nothing to select by. Default: that of the service. Example: `{job:
    "=~ingress|ingress-canary"}`"""
    honor_labels: bool = False
    """Whether series of an external component bring labels that the platform sets on others, such as
    `namespace` and `pod`, and are scraped so. Their targets are not watched, only that some target exports
    the anchor. Example: `true`"""
    labels: LabelTexts = {}
    """Labels that are added to the alerts of this component. Example: `{tier: edge}`"""
    anchor: MetricName | None = None
    """The metric by whose absence `MetricMissing` detects that the component stopped exposing; `null`, with
    an `ack`, if there is none. Default: the first metric without labels, else the first with closed labels
    only. Example: `shop_carts_open`"""
    metrics: dict[MetricName, Metric]
    """The metrics of the component by their exposed names. Example: `{shop_carts_open: {type: gauge, merge:
    livesum, help: Carts that are not ordered yet.}}`"""
    ack: Acks = {}


# The annotations that an alert sets by keys of its own.
_ANNOTATION_KEYS = {
    "summary": "summary",
    "description": "description",
    "actions": "actions",
    "runbook_url": "runbook",
}


class Guard(Written):
    """A further condition of an alert, which must be true as well, or must not be."""

    signal: Name
    """The signal of the further condition; its labels are among those of the alert's signal. Example:
    `request_rate`"""
    when: ConditionField
    """The condition on its value or presence. Example: `"> 1/s"`"""


def _form(guards: object) -> str:
    return "many" if isinstance(guards, list) else "one"


_Guards: TypeAlias = Annotated[
    Annotated[Guard, Tag("one")] | Annotated[list[Guard], Field(min_length=1), Tag("many")],
    Discriminator(_form),
]


class Alert(Written):
    """A signal, the condition and duration that make the alert fire, and the texts of its notification."""

    name: PlainText | None = None
    """The name of the alert in Prometheus and in notifications; several alerts may have one name if their
    labels differ. Default: its key, which is unique in the spec. Example: `HighErrorRatio`"""
    signal: Name
    """The signal that the alert watches. Example: `error_ratio`"""
    when: ConditionField
    """The condition on its value: an operator and a threshold in its unit, or `any`, which is `> 0`. Example:
    `"> 5%"`"""
    only_if: _Guards | None = None
    """A further condition that must hold as well, such as enough traffic, or a list of them: all must hold.
    Without series of its signal, only `absent` holds. Example: `{signal: request_rate, when: "> 1/s"}`"""
    unless: _Guards | None = None
    """A condition under which the alert does not fire, such as a maintenance, or a list of them, any of which
    is enough. Without series of its signal, only `absent` holds. Example: `{signal: maintenance, when:
    present}`"""
    for_: Duration = Field(default=0, alias="for")
    """How long the condition must hold without a gap before the alert fires. Example: `10m`"""
    keep_firing_for: Duration | None = None
    """How long the alert keeps firing after the condition has ceased to hold. Default: not at all. Example:
    `5m`"""
    severity: SeverityName | None
    """One of the words of `severities`, which decide colours and inhibitions; another word, without them; or
    `null` for no label. Example: `warning`"""
    detect_within: Period | None = None
    """The longest time that may pass until the alert is sent; the sum of all delays is checked against it
    (VM305). Default: unchecked. Example: `15m`"""
    component: Name | None = None
    """The component of the alert, in a label. Default: that of the signal's metrics; of several, the name of
    the service. Example: `cart`"""
    summary: TemplateField | None = None
    """One sentence for the notification, with `{value}`, `{threshold}` and the signal's labels. Example:
    `"{value} of the requests fail, more than {threshold}"`"""
    description: TemplateField | None = None
    """The cause or the effect in more words, with the same placeholders. Example: `Customers cannot pay.`"""
    actions: list[TemplateField] = []
    """What to do, step by step, for the runbook. Example: `[Look for the first failure in the logs, Undo the
    last deploy]`"""
    runbook: PlainText | None = None
    """The URL of the alert's own runbook. Default: the rendered page, below `service.runbooks`. Example:
    `https://wiki.example.org/errors`"""
    labels: dict[TargetLabel, str] = {}
    """Labels that are added to this alert; their values may be templates of Prometheus, which are rendered as
    they are. Example: `{tier: edge, team: "{{ $labels.team }}"}`"""
    annotations: dict[Name, str] = {}
    """More annotations, by name: templates of Prometheus, which are rendered as they are. Example:
    `{dashboard: "https://grafana.example.org/d/shop?var-pod={{ $labels.pod }}"}`"""
    ack: Acks = {}
    reason: Reason = None

    def guards(self, sense: GuardSense) -> Iterator[tuple[Path, Guard]]:
        """Yield the guards of one sense, each with its path below the alert."""
        written = {"only_if": self.only_if, "unless": self.unless}[sense]
        if isinstance(written, Guard):
            yield (sense,), written
        else:
            yield from (((sense, index), each) for index, each in enumerate(written or ()))

    @field_validator("annotations")
    @classmethod
    def _each_set_once(cls, annotations: dict[str, str], info: ValidationInfo) -> dict[str, str]:
        for name in annotations:
            if info.data.get(key := _ANNOTATION_KEYS.get(name, "")):
                raise invalid(
                    f"the alert sets the annotation `{name}` by its key `{key}`, too", "remove one", key=name
                )
        return annotations


class Group(Written):
    """The settings of a rule group, as in a rules file of Prometheus."""

    evaluate_every: Period | None = None
    """The interval at which Prometheus evaluates the rules of the group. Default: `defaults.evaluate_every`.
    Example: `1m`"""
    limit: Annotated[int, Field(gt=0)] | None = None
    """The largest number of alerts of an alerting rule, and of series of a recording rule; with more of them,
    the rule fails and has none. Default: no limit. Example: `50`"""


class Meta(Written):
    """The meta alerts: alerts about monitoring itself."""

    group: GroupName | None = None
    """The rule group of the meta alerts. Default: the service's name followed by `_meta`. Example:
    `shop_meta`"""
    for_: Duration = Field(default=300_000, alias="for")
    """How long a target, the service or a metric must be absent before a meta alert fires. Example: `2m`"""
    severity: SeverityName | None = None
    """The severity of the meta alerts. Default: the last of `severities`. Example: `critical`"""
    ack: Acks = {}
    reason: Reason = None


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


Integrations: TypeAlias = list[dict[str, Any]]  # copied to Alertmanager's configuration, which validates them


class Receiver(Written):
    """A receiver of the alerts with these severities and labels; of all alerts if neither is given."""

    severities: list[SeverityName] = []
    """The severities whose alerts it receives. Default: all. Example: `[critical]`"""
    labels: LabelTexts = {}
    """The labels that an alert must have to be sent to it. Example: `{team: payments}`"""
    webhook_configs: Integrations = []
    """Webhooks, as in Alertmanager's configuration. Example: `[{url: "http://localhost:9099/page"}]`"""
    email_configs: Integrations = []
    """E-mails, as in Alertmanager's configuration. Example: `[{to: team@example.org}]`"""
    slack_configs: Integrations = []
    """Slack channels, as in Alertmanager's configuration. Example: `[{channel: "#shop", api_url_file:
    /etc/alertmanager/slack}]`"""
    pagerduty_configs: Integrations = []
    """PagerDuty services, as in Alertmanager's configuration. Example: `[{routing_key_file:
    /etc/alertmanager/pagerduty}]`"""
    opsgenie_configs: Integrations = []
    """Opsgenie, as in Alertmanager's configuration. Example: `[{api_key_file:
    /etc/alertmanager/opsgenie}]`"""
    msteams_configs: Integrations = []
    """Microsoft Teams channels by the connectors that Microsoft has ended, as in Alertmanager's
    configuration. Example: `[{webhook_url_file: /etc/alertmanager/teams}]`"""
    msteamsv2_configs: Integrations = []
    """Microsoft Teams channels by workflows, as in Alertmanager's configuration from 0.28 on. Example:
    `[{webhook_url_file: /etc/alertmanager/teams}]`"""
    jira_configs: Integrations = []
    """Jira issues, as in Alertmanager's configuration from 0.28 on. Example: `[{api_url:
    "https://shop.atlassian.net/", project: SHOP, issue_type: Incident}]`"""
    rocketchat_configs: Integrations = []
    """Rocket.Chat channels, as in Alertmanager's configuration from 0.28 on. Example: `[{channel: shop,
    token_id_file: /etc/alertmanager/rocket-id, token_file: /etc/alertmanager/rocket}]`"""
    incidentio_configs: Integrations = []
    """incident.io, as in Alertmanager's configuration from 0.29 on. Example: `[{url:
    "https://api.incident.io/v2/alert_events/alertmanager/01", alert_source_token_file:
    /etc/alertmanager/incident}]`"""
    mattermost_configs: Integrations = []
    """Mattermost channels, as in the configuration of recent Alertmanagers. Example: `[{channel: shop,
    webhook_url_file: /etc/alertmanager/mattermost}]`"""
    discord_configs: Integrations = []
    """Discord channels, as in Alertmanager's configuration. Example: `[{webhook_url_file:
    /etc/alertmanager/discord}]`"""
    telegram_configs: Integrations = []
    """Telegram chats, as in Alertmanager's configuration. Example: `[{chat_id: 42, bot_token_file:
    /etc/alertmanager/telegram}]`"""
    pushover_configs: Integrations = []
    """Pushover, as in Alertmanager's configuration. Example: `[{user_key_file: /etc/alertmanager/user,
    token_file: /etc/alertmanager/pushover}]`"""
    victorops_configs: Integrations = []
    """VictorOps, as in Alertmanager's configuration. Example: `[{api_key_file: /etc/alertmanager/victorops,
    routing_key: shop}]`"""
    webex_configs: Integrations = []
    """Webex rooms, as in Alertmanager's configuration. Example: `[{room_id: shop, http_config:
    {authorization: {credentials_file: /etc/alertmanager/webex}}}]`"""
    wechat_configs: Integrations = []
    """WeChat, as in Alertmanager's configuration. Example: `[{to_party: "7"}]`"""
    sns_configs: Integrations = []
    """Topics of Amazon SNS, as in Alertmanager's configuration. Example: `[{topic_arn:
    "arn:aws:sns:eu-west-1:123456789012:shop", sigv4: {region: eu-west-1}}]`"""
    ack: Acks = {}

    def integrations(self) -> dict[str, Integrations]:
        """Return the integrations that are given, by their keys in Alertmanager's configuration."""
        named = (name for name in type(self).model_fields if name.endswith("_configs"))
        return {name: value for name in named if (value := getattr(self, name))}


class Context(Written):
    """A place where the spec is applied, with its own labels, select and overrides."""

    labels: LabelTexts = {}
    """Labels that are added to every alert here; an equal label of the service is replaced. Example:
    `{environment: prod}`"""
    select: Select = {}
    """Target labels that are added to `select`, so that only the series of this place are read; an equal
    label of the service is replaced. Example:
    `{namespace: shop-prod}`"""
    prometheus: VersionField | None = None
    """The version of Prometheus in use here. Default: that of the service. Example: `"3.14"`"""
    protected: bool = False
    """Whether loosening an alert here needs a `reason`. Example: `true`"""
    kubernetes: Kubernetes = Field(default_factory=Kubernetes)
    """Keys that replace those of the top level here; labels are added to those there. Default: as at the top
    level. Example: `{labels: {release: prometheus}}`"""
    receivers: dict[Name, Receiver] = {}
    """The receivers of notifications, by name. Example: `{pager: {severities: [critical], webhook_configs:
    [{url: "http://localhost:9099/page"}]}}`"""
    targets: list[Any] = []
    """The live systems that `apply` brings to the spec and `verify` compares with it. Example: `[kubernetes:
    {kube_context: prod}]`"""
    override: dict[str, Any] = {}
    """Changes to `defaults`, `signals`, `alerts`, `meta` and `budget` here; alerts are named without their
    group, and a list replaces the whole list. Example: `{alerts: {HighMemory: {when: "> 4GiB", reason: The
    pods have 16 GiB}}}`"""
    time_scale: Annotated[int, Field(gt=0)] = 1
    """The factor by which every duration of the alerting chain is divided, to try the rules quickly;
    thresholds stay. Example: `60`"""
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
    severities: Annotated[list[SeverityName], Field(min_length=1), AfterValidator(_each_once)] = [
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
