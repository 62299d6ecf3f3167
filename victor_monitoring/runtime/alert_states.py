"""The states of alerts over time, as in Prometheus' rule evaluation: inactive, pending, firing."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Literal, TypeAlias

from victor_monitoring.promql.samples import Samples
from victor_monitoring.signals.alert import AlertRule
from victor_monitoring.signals.evaluation import SamplesAt
from victor_monitoring.signals.signal import LabelPairs

AlertStateName: TypeAlias = Literal["inactive", "pending", "firing"]


@dataclass(frozen=True, slots=True)
class ActiveSeries:
    """A pending or firing series; `since` is the time at which its condition was met, in milliseconds.

    `labels` are those of the alert and of the series; `value` is the last one that met the condition. Labels
    and annotations are expanded with it; a template for which that needs a Prometheus is as written.
    """

    labels: Mapping[str, str]
    annotations: Mapping[str, str]
    state: AlertStateName
    value: float
    since: int


@dataclass(frozen=True, slots=True)
class AlertState:
    """An alert and its active series."""

    alert: AlertRule
    series: tuple[ActiveSeries, ...]

    @property
    def state(self) -> AlertStateName:
        """`firing` if any series is firing, `inactive` if none is active, else `pending`."""
        states = {each.state for each in self.series}
        return "firing" if "firing" in states else "pending" if states else "inactive"


class AlertStates:
    """The states of several alerts; each step is one evaluation of their rules."""

    def __init__(self, alerts: Iterable[AlertRule]) -> None:
        self._watched = [_Watched(alert) for alert in alerts]

    @property
    def intervals(self) -> list[int]:
        """The intervals at which alerts are evaluated, in milliseconds, the shortest first."""
        return sorted({watched.alert.evaluate for watched in self._watched})

    def step(self, samples: Samples, at: int, interval: int | None = None) -> None:
        """Evaluate the alerts of an interval, or all, over the samples up to `at` (milliseconds).

        `at` is later than at the last step.
        """
        moment = SamplesAt(samples, at)
        due = (each for each in self._watched if interval in (None, each.alert.evaluate))
        for watched in due:
            watched.step(watched.alert.met_values(moment), at)

    def states(self) -> tuple[AlertState, ...]:
        """Return the state of every alert, in order, as of the last step."""
        return tuple(watched.state() for watched in self._watched)


class _Active:
    """A series whose condition is met, or was met and is kept firing."""

    __slots__ = ("firing", "since", "unmet_since", "value")

    def __init__(self, value: float, since: int) -> None:
        self.value, self.since = value, since
        self.firing = False
        self.unmet_since: int | None = None


class _Watched:
    """One alert and its active series, by their labels."""

    def __init__(self, alert: AlertRule) -> None:
        self.alert = alert
        self._active: dict[LabelPairs, _Active] = {}

    def step(self, met: Mapping[LabelPairs, float], at: int) -> None:
        """Update the states for the time `at`, at which the values `met` meet the condition."""
        for labels, value in met.items():
            active = self._active.setdefault(labels, _Active(value, at))
            active.value, active.unmet_since = value, None
        self._active = {k: each for k, each in self._active.items() if k in met or self._is_kept(each, at)}
        for active in self._active.values():
            if at - active.since >= self.alert.pending:
                active.firing = True

    def _is_kept(self, active: _Active, at: int) -> bool:
        """Return whether a series is still firing by `keep_firing_for`, its condition no longer met."""
        if not active.firing or not self.alert.keep_firing:
            return False
        if active.unmet_since is None:
            active.unmet_since = at
        return at - active.unmet_since < self.alert.keep_firing

    def state(self) -> AlertState:
        series = (self._series(dict(labels), each) for labels, each in self._active.items())
        return AlertState(self.alert, tuple(series))

    def _series(self, labels: Mapping[str, str], active: _Active) -> ActiveSeries:
        return ActiveSeries(
            self.alert.expanded_labels(labels, active.value),
            self.alert.expanded_annotations(labels, active.value),
            "firing" if active.firing else "pending",
            active.value,
            active.since,
        )
