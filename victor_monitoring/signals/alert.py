"""Alerting rules as plain data, for a process that evaluates its own signals."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from victor_monitoring.promql.samples import Samples
from victor_monitoring.signals.evaluation import label_pairs
from victor_monitoring.signals.quantity import Condition
from victor_monitoring.signals.signal import LabelPairs, Signal


@dataclass(frozen=True, slots=True)
class Guard:
    """A second condition that must be met for the alert to fire."""

    signal: Signal
    condition: Condition


@dataclass(frozen=True, slots=True)
class BoundAlert:
    """An alert. Durations are milliseconds, `labels` are those that it adds, `summary` is a template."""

    name: str
    group: str
    signal: Signal
    condition: Condition
    guard: Guard | None
    pending: int
    keep_firing: int | None
    severity: str
    component: str
    labels: Mapping[str, str]
    summary: str | None
    runbook: str | None

    def met_values(self, samples: Samples, at: int) -> dict[LabelPairs, float]:
        """Return the signal's values that meet the condition at `at` while the guard is met."""
        values = self.signal.evaluate(samples, at).items()
        met = {key: value for key, value in values if self.condition.is_met(value)}
        if self.guard is None or not met:
            return met
        guard = self.guard
        guarded = {
            key for key, value in guard.signal.evaluate(samples, at).items() if guard.condition.is_met(value)
        }
        return {k: value for k, value in met.items() if label_pairs(dict(k), guard.signal.labels) in guarded}
