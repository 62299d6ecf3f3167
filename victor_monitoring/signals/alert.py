"""Alerting rules: a condition on a signal, by its expression and by its values over samples."""

from __future__ import annotations

from dataclasses import dataclass

from victor_monitoring.promql.samples import Samples
from victor_monitoring.promql.tree import Binary, Expr, Number
from victor_monitoring.signals.evaluation import label_pairs
from victor_monitoring.signals.quantity import Condition
from victor_monitoring.signals.signal import LabelPairs, Signal
from victor_monitoring.signals.template import Template


@dataclass(frozen=True, slots=True)
class Guard:
    """A second condition that must be met for the alert to fire."""

    signal: Signal
    condition: Condition


@dataclass(frozen=True, slots=True)
class AlertRule:
    """An alert as it is evaluated. Durations are milliseconds, `labels` are all labels that the rule adds."""

    name: str
    group: str
    signal: Signal
    condition: Condition
    guard: Guard | None
    pending: int
    keep_firing: int | None
    severity: str
    component: str
    labels: LabelPairs
    summary: Template | None
    runbook: str | None

    @property
    def when(self) -> str:
        """The condition as the spec writes it, and that of the guard with the title of its signal."""
        if (guard := self.guard) is None:
            return self.condition.text
        least = "> 0" if guard.condition.is_any else guard.condition.text
        return f"{self.condition.text} while {guard.signal.title} {least}"

    @property
    def expr(self) -> Expr:
        """The expression of the rule: the signal beyond its threshold, and the guard's condition."""
        fires, guard = _compared(self.signal, self.condition), self.guard
        if guard is None:
            return fires
        return Binary("and", fires, _compared(guard.signal, guard.condition), guard.signal.labels)

    def guarded_values(self, samples: Samples, at: int) -> dict[LabelPairs, float]:
        """Return the signal's values at `at`, only those for which the guard's condition is met."""
        return self._guarded(self.signal.evaluate(samples, at), samples, at)

    def met_values(self, samples: Samples, at: int) -> dict[LabelPairs, float]:
        """Return the guarded values that meet the condition; without any, the guard is not evaluated."""
        values = self.signal.evaluate(samples, at).items()
        met = {key: value for key, value in values if self.condition.is_met(value)}
        return self._guarded(met, samples, at)

    def _guarded(self, values: dict[LabelPairs, float], samples: Samples, at: int) -> dict[LabelPairs, float]:
        guard = self.guard
        if guard is None or not values:
            return values
        others = guard.signal.evaluate(samples, at).items()
        met = {key for key, value in others if guard.condition.is_met(value)}
        return {k: value for k, value in values.items() if label_pairs(dict(k), guard.signal.labels) in met}


def _compared(signal: Signal, condition: Condition) -> Binary:
    """Return the comparison of the signal's value with the threshold."""
    return Binary(condition.op, signal.value(), Number(condition.threshold.value))
