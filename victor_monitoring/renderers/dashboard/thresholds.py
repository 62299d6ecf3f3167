"""The colours of a signal's values, by the thresholds of the alerts on it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from fractions import Fraction
from itertools import accumulate
from typing import Final

from victor_monitoring.language.resolved.spec import Alert, Resolved
from victor_monitoring.signals.signal import Signal

GOOD: Final = "green"
_LOWEST, _BETWEEN, _HIGHEST = "yellow", "orange", "red"
_NONE: Final = -1  # ranks below every severity

# Grafana's colour applies from a step's value on, that value included. Values rarely equal another threshold,
# but most signals are often 0, and with `> 0` a 0 must stay green.
_ABOVE_ZERO: Final = Fraction(1, 10**9)


@dataclass(frozen=True, slots=True)
class ThresholdStep:
    """A colour and the value from which on it applies; None for the lowest value."""

    colour: str
    value: Fraction | None


class AlertThresholds:
    """The alerts on each signal, and the colours that their thresholds give its values."""

    def __init__(self, spec: Resolved) -> None:
        self._spec = spec
        self._alerts: dict[str, list[Alert]] = {}
        for alert in spec.alerts:
            self._alerts.setdefault(alert.signal.name, []).append(alert)

    def alerts(self, signal: Signal) -> tuple[Alert, ...]:
        """Return the alerts on the signal, in the order of the spec."""
        return tuple(self._alerts.get(signal.name, ()))

    def low_is_bad(self, signal: Signal) -> bool:
        """Return whether the signal has alerts and all of them fire below their thresholds."""
        alerts = [alert for alert in self.alerts(signal) if alert.condition.order]
        return bool(alerts) and not any(alert.condition.high_is_bad for alert in alerts)

    def steps(self, signal: Signal) -> tuple[ThresholdStep, ...]:
        """Return the colours from the lowest value to the highest; none without alerts of known severity.

        Between two thresholds the colour is that of the worst severity that fires there. An alert on values
        that equal a threshold, or differ from it, gives no colour.
        """
        known = (alert for alert in self.alerts(signal) if self._spec.rank(alert.severity) >= 0)
        alerts = [alert for alert in known if alert.condition.order]
        edges = sorted({_colour_start(alert) for alert in alerts})
        above = self._worst(alert for alert in alerts if alert.condition.high_is_bad)
        below = self._worst(alert for alert in alerts if not alert.condition.high_is_bad)
        reached = [_NONE, *accumulate((above.get(edge, _NONE) for edge in edges), max)]
        ahead = [_NONE, *accumulate((below.get(edge, _NONE) for edge in reversed(edges)), max)]
        ranks = map(max, reached, reversed(ahead))
        steps = (
            ThresholdStep(self._colour(rank), edge) for rank, edge in zip(ranks, (None, *edges), strict=True)
        )
        return tuple(steps) if alerts else ()

    def _worst(self, alerts: Iterable[Alert]) -> dict[Fraction, int]:
        """Return the rank of the highest severity at each threshold."""
        worst: dict[Fraction, int] = {}
        for alert in alerts:
            edge = _colour_start(alert)
            worst[edge] = max(worst.get(edge, _NONE), self._spec.rank(alert.severity))
        return worst

    def _colour(self, rank: int) -> str:
        if rank == _NONE:
            return GOOD
        if rank == len(self._spec.severities) - 1:
            return _HIGHEST
        return _BETWEEN if rank else _LOWEST


def _colour_start(alert: Alert) -> Fraction:
    """Return the least value with the colour of the upper side of the alert's threshold."""
    threshold = alert.condition.threshold.value
    return _ABOVE_ZERO if threshold == 0 and alert.condition.order in (">", "<=") else threshold
