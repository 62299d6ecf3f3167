"""The response models of signals and alerts, the same for every service."""

from __future__ import annotations

from typing import Annotated, TypeAlias

from pydantic import BaseModel, ConfigDict, Field

from victor_monitoring.runtime.alert_states import AlertStateName

# Null for NaN and infinities, which JSON does not have.
JsonNumber: TypeAlias = float | None
_Labels = Annotated[
    dict[str, str], Field(description="The labels as in Prometheus, as far as this process knows them.")
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

    labels: _Labels
    value: JsonNumber


class SignalModel(StrictModel):
    """A signal over this process alone. It has no values without traffic or with too few samples."""

    title: str
    unit: str
    query: _Query
    fault: Annotated[str | None, Field(description="Why it cannot be told here at all; null where it can.")]
    values: list[LabelledValueModel]


class LossModel(StrictModel):
    """The points that a part takes from a score."""

    signal: str
    title: str
    labels: _Labels
    points: Annotated[JsonNumber, Field(description="The points lost, of 100.")]


class ScoreModel(StrictModel):
    """A score from 0 to 100 and its losses, the largest first."""

    signal: str
    title: str
    query: _Query
    fault: Annotated[str | None, Field(description="Why it cannot be told here at all; null where it can.")]
    values: list[LabelledValueModel]
    losses: list[LossModel]


class AlertSeriesModel(StrictModel):
    """A series whose condition is met, or was met and is kept firing."""

    labels: _Labels
    state: AlertStateName
    value: JsonNumber
    since: _Since


class AlertModel(StrictModel):
    """An alert evaluated by this process; notifications are up to Prometheus and Alertmanager."""

    name: str
    group: str
    severity: str
    component: str
    signal: str
    when: Annotated[str, Field(description="The condition as in the spec.")]
    pending_for: Annotated[
        float, Field(description="Seconds for which the condition must be met before the alert fires.")
    ]
    summary: Annotated[
        str | None,
        Field(description="The template as in the spec, with placeholders such as `{value}` and labels."),
    ]
    runbook: str | None
    state: Annotated[AlertStateName, Field(description="The most advanced state of its series.")]
    series: list[AlertSeriesModel]
