"""The keys of alerts, their guards and groups, and of meta alerts."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated, TypeAlias

from pydantic import Discriminator, Field, Tag, ValidationInfo, field_validator

from victor_monitoring.language.model.fields import (
    Acks,
    ConditionField,
    Duration,
    GroupName,
    Name,
    Period,
    PlainText,
    Reason,
    SeverityName,
    TargetLabel,
    TemplateField,
    Written,
    invalid,
)
from victor_monitoring.language.syntax.tree import Path
from victor_monitoring.signals.alert import GuardSense

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
