"""What the answers say of signals and alerts, the same for every service."""

from __future__ import annotations

from typing import Annotated, TypeAlias

from pydantic import BaseModel, ConfigDict, Field

from victor_monitoring.runtime.alert_states import AlertStateName
from victor_monitoring.signals.quantity import Unit

# Null where it is infinite or not a number, which JSON cannot say.
JsonNumber: TypeAlias = float | None
_Labels = Annotated[
    dict[str, str], Field(description="The labels that Prometheus has, as far as known here.")
]
_Query = Annotated[str, Field(description="PromQL: what answers for all processes together.")]
_Since = Annotated[float, Field(description="When the condition was first met, in seconds since 1970.")]


class StrictModel(BaseModel):
    """Nothing but what is documented."""

    model_config = ConfigDict(extra="forbid")


class Problem(StrictModel):
    """Why there is no answer."""

    detail: str


class LabelledValueModel(StrictModel):
    """One value of a signal; null where there was nothing to measure, as of a ratio without traffic."""

    labels: _Labels
    value: JsonNumber


class SignalModel(StrictModel):
    """This process's part of a signal. It has no value before enough was sampled, or without traffic."""

    title: str
    unit: Unit
    query: _Query
    fault: Annotated[str | None, Field(description="Why it cannot be told here at all; null where it can.")]
    values: list[LabelledValueModel]


class LossModel(StrictModel):
    """What a part of a score costs it."""

    signal: str
    title: str
    labels: _Labels
    points: Annotated[JsonNumber, Field(description="The points lost, of 100.")]


class ScoreModel(StrictModel):
    """A score of 0 to 100 and what it loses, most first."""

    signal: str
    title: str
    query: _Query
    fault: Annotated[str | None, Field(description="Why it cannot be told here at all; null where it can.")]
    values: list[LabelledValueModel]
    losses: list[LossModel]


class AlertSeriesModel(StrictModel):
    """A series whose condition is met, or was and is kept firing."""

    labels: _Labels
    state: AlertStateName
    value: JsonNumber
    since: _Since


class AlertModel(StrictModel):
    """An alert as this process sees it; Prometheus and Alertmanager decide what is sent."""

    name: str
    group: str
    severity: str
    component: str
    signal: str
    when: Annotated[str, Field(description="The condition, as the spec has it.")]
    pending_for: Annotated[float, Field(description="Seconds for which the condition holds before it fires.")]
    summary: Annotated[
        str | None, Field(description="As the spec has it: `{value}` and labels stand for those of a series.")
    ]
    runbook: str | None
    state: Annotated[AlertStateName, Field(description="The state of the series that is furthest.")]
    series: list[AlertSeriesModel]
