"""The detection time of an alert: the longest time from the problem to the notification."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from victor_monitoring.language.resolved.spec import Alert, Resolved
from victor_monitoring.promql.duration import duration_text
from victor_monitoring.signals.signal import Signal


@dataclass(frozen=True, slots=True)
class Delay:
    """One part of the detection time, in milliseconds."""

    reason: str
    milliseconds: int


@dataclass(frozen=True, slots=True)
class Detection:
    """The detection time of an alert, as the sum of its delays."""

    delays: tuple[Delay, ...]

    @property
    def milliseconds(self) -> int:
        """The sum of the delays."""
        return sum(each.milliseconds for each in self.delays)

    def words(self) -> str:
        """Return the delays as text, such as `scrape 15s, window 5m`."""
        return ", ".join(f"{each.reason} {duration_text(each.milliseconds)}" for each in self.delays)


def detection(spec: Resolved, alert: Alert) -> Detection:
    """Return the longest time from the moment that the signal crosses the threshold to the notification.

    Its delays: a scrape that was just missed; the whole window of the signal, until it contains no older
    samples; a recording by another group, which may be one evaluation old; an evaluation of the alert that
    was just missed; `for`, in whole evaluations; and the `group_wait` of Alertmanager. The delivery to a
    receiver is not included.
    """
    evaluations = -(-alert.pending // alert.evaluate)
    delays = (
        Delay("scrape", spec.scrape),
        Delay("window", max(_window(signal) for signal in alert.signals)),
        Delay("recording", max(_recording(spec, each, alert_group(spec, alert)) for each in alert.signals)),
        Delay("evaluation", alert.evaluate),
        Delay("for", evaluations * alert.evaluate),
        Delay("group wait", spec.routing.group_wait),
    )
    return Detection(tuple(delay for delay in delays if delay.milliseconds))


def recording_groups(alerts: Iterable[Alert]) -> Mapping[str, str]:
    """Return the group that records each signal used by alerts: the group of the first such alert."""
    homes: dict[str, str] = {}
    for alert in alerts:
        for top in alert.signals:
            for signal in top.with_parts():
                if signal.recorded:
                    homes.setdefault(signal.name, alert.group)
    return homes


def _window(signal: Signal) -> int:
    """Return the longest window of a signal and its parts; 0 if they read only current values."""
    return max(each.window if each.kind.is_windowed() else 0 for each in signal.with_parts())


def alert_group(spec: Resolved, alert: Alert) -> str:
    """Return the rendered group of an alert, which may be a part of its group."""
    return spec.parts.get(("alert", alert.id), alert.group)


def recording_group(spec: Resolved, signal: Signal) -> str:
    """Return the rendered group that records a signal which alerts use."""
    usual = spec.recorded_in.get(signal.name, spec.recording_group)
    return next((spec.parts.get(("record", rule.name), usual) for rule in signal.recordings()[-1:]), usual)


def _recording(spec: Resolved, signal: Signal, group: str) -> int:
    """Return the delay by recordings of other groups: the interval of each, from the metrics to `group`."""
    is_read = signal.name in spec.recorded_in
    home = recording_group(spec, signal) if is_read else group
    inner = max((_recording(spec, part, home) for _, part in signal.kind.parts()), default=0)
    return inner + (spec.group(spec.recorded_in[signal.name]).evaluate if home != group else 0)
