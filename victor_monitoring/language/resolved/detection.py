"""How long it takes at worst until an alert that ought to fire is sent."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from victor_monitoring.language.resolved.spec import Alert, Resolved
from victor_monitoring.promql.duration import duration_text
from victor_monitoring.signals.signal import Signal


@dataclass(frozen=True, slots=True)
class Delay:
    """One reason for waiting, in milliseconds."""

    reason: str
    milliseconds: int


@dataclass(frozen=True, slots=True)
class Detection:
    """What adds up before an alert is sent."""

    delays: tuple[Delay, ...]

    @property
    def milliseconds(self) -> int:
        """How long it takes in all."""
        return sum(each.milliseconds for each in self.delays)

    def words(self) -> str:
        """Each delay, for people."""
        return ", ".join(f"{each.reason} {duration_text(each.milliseconds)}" for each in self.delays)


def detection(spec: Resolved, alert: Alert) -> Detection:
    """What adds up from the moment at which things are as bad as the threshold says, at worst.

    A scrape that has just passed; the signal's whole window, until nothing in it is from before; a recording
    by another group, which may be an evaluation old; the alert's own evaluation that has just passed; `for`,
    in whole evaluations; and Alertmanager's wait for more of the group. The way to a receiver is not in it.
    """
    homes = recording_groups(spec)
    evaluations = -(-alert.pending // spec.evaluate)
    delays = (
        Delay("scrape", spec.scrape),
        Delay("window", max(_window(signal) for signal in alert.signals)),
        Delay("recording", spec.evaluate * max(_hops(each, alert.group, homes) for each in alert.signals)),
        Delay("evaluation", spec.evaluate),
        Delay("for", evaluations * spec.evaluate),
        Delay("group wait", spec.routing.group_wait),
    )
    return Detection(tuple(delay for delay in delays if delay.milliseconds))


def recording_groups(spec: Resolved) -> Mapping[str, str]:
    """The group that records each signal which an alert uses: the first such alert's."""
    homes: dict[str, str] = {}
    for alert in spec.alerts:
        for top in alert.signals:
            for signal in top.with_parts():
                if signal.recorded:
                    homes.setdefault(signal.name, alert.group)
    return homes


def _window(signal: Signal) -> int:
    """The longest window of a signal and of what it is made of; 0 where it reads only what stands."""
    return max(each.window if each.kind.is_windowed() else 0 for each in signal.with_parts())


def _hops(signal: Signal, group: str, homes: Mapping[str, str]) -> int:
    """How many recordings of other groups lie between a signal's metrics and a group that reads it."""
    home = homes.get(signal.name, group)
    inner = max((_hops(part, home, homes) for _, part in signal.kind.parts()), default=0)
    return inner + (home != group)
