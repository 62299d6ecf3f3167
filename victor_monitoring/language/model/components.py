"""The keys of components, their metrics and labels."""

from __future__ import annotations

from typing import Annotated, Any, Literal, TypeAlias

from pydantic import AfterValidator, ConfigDict, Field, model_validator

from victor_monitoring.language.model.fields import (
    Acks,
    LabelName,
    LabelTexts,
    MetricName,
    MetricTypeName,
    NumberField,
    QuantityField,
    Select,
    Text,
    UnitField,
    Written,
    each_once,
    invalid,
)
from victor_monitoring.signals.units import COUNT

Merge: TypeAlias = Literal[
    "sum", "max", "min", "mostrecent", "livesum", "livemax", "livemin", "livemostrecent"
]


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

    values: Annotated[list[Text], Field(min_length=1), AfterValidator(each_once)] | None = None
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
        if not isinstance(value, dict) or "values" in value or value.get("open") is None:
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
