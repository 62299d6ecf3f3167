"""The keys of contexts and of the receivers of their alerts."""

from __future__ import annotations

from typing import Annotated, Any, TypeAlias

from pydantic import Field

from victor_monitoring.language.model.fields import (
    Acks,
    LabelTexts,
    Name,
    Select,
    SeverityName,
    VersionField,
    Written,
)
from victor_monitoring.language.model.service import Kubernetes

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
    """Sources of incident.io, as in Alertmanager's configuration from 0.29 on. Example: `[{url:
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
