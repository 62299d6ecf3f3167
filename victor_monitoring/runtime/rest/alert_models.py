"""The response models of signals and alerts, the same for every service."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Annotated, TypeAlias

from pydantic import BaseModel, ConfigDict, Field

from victor_monitoring.runtime.alert_states import AlertStateName

# Null for NaN and infinities, which JSON does not have.
JsonNumber: TypeAlias = float | None
_Labels = Annotated[
    dict[str, str], Field(description="The labels as in Prometheus, as far as this process knows them.")
]
_OwnLabels = Annotated[
    dict[str, str], Field(description="The labels that the values of the signal differ by in this process.")
]
_Text = Annotated[str, Field(description="The value as alerts print it, or `no data`.")]
_Annotations = Annotated[
    dict[str, str],
    Field(
        description="Its summary and further annotations, as Prometheus expands them. A template that needs "
        "a Prometheus, such as one with a query, is as in the spec; so is one in a label."
    ),
]
_When = Annotated[str, Field(description="The condition as in the spec.")]
_State = Annotated[AlertStateName, Field(description="The most advanced state of its series.")]
_Alerts = Annotated[
    dict[str, "SignalAlertModel"], Field(description="The alerts on the signal, by id; empty without any.")
]
_Query = Annotated[str, Field(description="The PromQL of the value over all processes.")]
_Since = Annotated[
    float, Field(description="Time at which the condition was first met, in seconds since 1970.")
]


class StrictModel(BaseModel):
    """A model without undocumented fields."""

    model_config = ConfigDict(extra="forbid")


class Problem(StrictModel):
    """The reason of an error response."""

    detail: str


class LabelledValueModel(StrictModel):
    """One value of a signal; null if there was nothing to measure, such as a ratio without traffic."""

    labels: _OwnLabels
    value: JsonNumber
    text: _Text


class SignalAlertModel(StrictModel):
    """An alert on a signal; the endpoint `alerts` has its series."""

    severity: str | None
    when: _When
    state: _State


class SignalModel(StrictModel):
    """A signal over this process alone; null without traffic or with too few samples."""

    title: str
    value: JsonNumber
    text: _Text
    unit: str
    alerts: _Alerts
    query: _Query


class LabelledSignalModel(StrictModel):
    """A signal over this process alone, with a value for each label set; empty without samples."""

    title: str
    values: list[LabelledValueModel]
    unit: str
    alerts: _Alerts
    query: _Query


class LossModel(StrictModel):
    """The points that a part takes from a score."""

    signal: str
    title: str
    labels: _OwnLabels
    points: Annotated[JsonNumber, Field(description="The points lost, of 100.")]


class ScoreModel(StrictModel):
    """A score from 0 to 100 and its losses, the largest first."""

    signal: str
    title: str
    query: _Query
    fault: Annotated[str | None, Field(description="Why this process cannot evaluate it; null if it can.")]
    values: list[LabelledValueModel]
    losses: list[LossModel]


def own_labels(by: Iterable[str]) -> tuple[str, ...]:
    """Return the labels of a signal that its values differ by in one process, which is one instance."""
    return tuple(label for label in by if label != "instance")


class AlertSeriesModel(StrictModel):
    """A series whose condition is met, or was met and is kept firing."""

    labels: _Labels
    annotations: _Annotations
    state: AlertStateName
    value: JsonNumber
    since: _Since


class AlertModel(StrictModel):
    """An alert evaluated by this process; notifications are up to Prometheus and Alertmanager."""

    id: str
    name: Annotated[str, Field(description="The name in Prometheus, which several alerts may have.")]
    group: str
    severity: str | None
    component: str
    signal: str
    when: _When
    pending_for: Annotated[
        float, Field(description="Seconds for which the condition must be met before the alert fires.")
    ]
    summary: Annotated[
        str | None,
        Field(description="The template as in the spec, with placeholders such as `{value}` and labels."),
    ]
    runbook: str | None
    annotations: Annotated[
        dict[str, str], Field(description="Its further annotations: templates of Prometheus, as in the spec.")
    ]
    state: _State
    series: list[AlertSeriesModel]
