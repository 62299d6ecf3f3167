"""What the answers say of signals and alerts, the same for every service."""

from __future__ import annotations

from typing import Annotated, TypeAlias

from pydantic import BaseModel, ConfigDict, Field

from victor_monitoring.runtime.alert_states import State
from victor_monitoring.signals.quantity import Unit

# Null where it is infinite or not a number, which JSON cannot say.
Number: TypeAlias = float | None
_Labels = Annotated[
    dict[str, str], Field(description="The labels that Prometheus has, as far as known here.")
]
_Query = Annotated[str, Field(description="PromQL: what answers for all processes together.")]
_Since = Annotated[float, Field(description="When the condition was first met, in seconds since 1970.")]


class Strict(BaseModel):
    """Nothing but what is documented."""

    model_config = ConfigDict(extra="forbid")


class Problem(Strict):
    """Why there is no answer."""

    detail: str


class LabelledValue(Strict):
    """One value of a signal; null where there was nothing to measure, as of a ratio without traffic."""

    labels: _Labels
    value: Number


class Signal(Strict):
    """This process's part of a signal. It has no value before enough was sampled, or without traffic."""

    title: str
    unit: Unit
    query: _Query
    fault: Annotated[str | None, Field(description="Why it cannot be told here at all; null where it can.")]
    values: list[LabelledValue]


class Loss(Strict):
    """What a part of a score costs it."""

    signal: str
    title: str
    labels: _Labels
    points: Annotated[Number, Field(description="The points lost, of 100.")]


class Score(Strict):
    """A score of 0 to 100 and what it loses, most first."""

    signal: str
    title: str
    query: _Query
    fault: Annotated[str | None, Field(description="Why it cannot be told here at all; null where it can.")]
    values: list[LabelledValue]
    losses: list[Loss]


class AlertSeries(Strict):
    """A series whose condition is met, or was and is kept firing."""

    labels: _Labels
    state: State
    value: Number
    since: _Since


class Alert(Strict):
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
    state: Annotated[State, Field(description="The state of the series that is furthest.")]
    series: list[AlertSeries]
