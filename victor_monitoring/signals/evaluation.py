"""Values of signals over samples: their rules, evaluated in order at one time as Prometheus does."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from functools import lru_cache
from typing import TypeAlias

from victor_monitoring.promql.evaluation.evaluator import Evaluation, LabelSet
from victor_monitoring.promql.grammar import NAME
from victor_monitoring.promql.prometheus_version import PrometheusVersion
from victor_monitoring.promql.rules import Rule
from victor_monitoring.promql.samples import Samples, Series
from victor_monitoring.signals.signal import LabelPairs, Signal

# Values by their labels, in the order of the signal's.
ValuesByLabels: TypeAlias = Mapping[LabelPairs, float]
_CACHED = 10_000


class SamplesAt:
    """Samples at the time `at` (milliseconds), with the series that the rules of signals record of them.

    Each signal is evaluated once, also as a part of scores. The samples must not change meanwhile.
    """

    def __init__(self, samples: Samples, at: int) -> None:
        self.at = at
        self._samples = samples
        self._by_rule: dict[str, list[tuple[Rule, ValuesByLabels]]] = {}
        self._recorded: dict[str, dict[LabelPairs, float]] = {}

    @property
    def prometheus(self) -> PrometheusVersion:
        """The version of Prometheus whose semantics apply."""
        return self._samples.prometheus

    def series(self, metric: str) -> Iterable[Series]:
        """Return the series with this name: those recorded so far, or those of the samples."""
        recorded = self._recorded.get(metric)
        if recorded is None:
            return self._samples.series(metric)
        return [Series(dict(labels), (self.at,), (value,)) for labels, value in recorded.items()]

    def names(self) -> Iterable[str]:
        """Return the names of all series."""
        return (*self._samples.names(), *self._recorded)

    def values(self, signal: Signal) -> ValuesByLabels:
        """Return the values of a signal; a value can be NaN."""
        return self._rules_of(signal)[-1][1]

    def losses(self, signal: Signal) -> dict[str, ValuesByLabels]:
        """Return the points that each part takes from a score, by the part's name; only points above 0."""
        return {rule.labels[0][1]: values for rule, values in self._rules_of(signal)[:-1] if values}

    def recorded(self, signal: Signal) -> dict[str, ValuesByLabels]:
        """Return what each of the signal's recording rules records, by its name; empty if it has none."""
        names = [rule.name for rule, _ in self._rules_of(signal)] if signal.recorded else ()
        return {name: self._recorded[name] for name in names}

    def evaluated(self, evaluation: Evaluation, signals: Sequence[Signal]) -> ValuesByLabels:
        """Return the values of an expression that reads these signals, by the labels of the first one."""
        for each in signals:
            self._rules_of(each)
        return self._ordered(evaluation, signals[0].labels)

    def _rules_of(self, signal: Signal) -> list[tuple[Rule, ValuesByLabels]]:
        """Return the rules that record the signal, or would, with their values; evaluate each once."""
        if signal.name not in self._by_rule:
            for _, part in signal.kind.parts():
                self._rules_of(part)
            found = self._by_rule[signal.name] = []
            for rule, evaluation in signal.evaluations:
                values = self._ordered(evaluation, signal.labels)
                recorded = self._recorded.setdefault(rule.name, {})
                recorded.update({(*labels, *rule.labels): value for labels, value in values.items()})
                found.append((rule, values))
        return self._by_rule[signal.name]

    def _ordered(self, evaluation: Evaluation, labels: tuple[str, ...]) -> ValuesByLabels:
        found = evaluation(self, self.at)
        assert not isinstance(found, float | str)  # signals are vectors
        return {_in_order(own, labels): value for own, value in found.items()}


@lru_cache(_CACHED)
def _in_order(own: LabelSet, labels: tuple[str, ...]) -> LabelPairs:
    """Return the labels in this order, then all others but the name, sorted."""
    values = dict(own)
    others = sorted(values.keys() - {*labels, NAME})
    return tuple((label, values[label]) for label in (*labels, *others) if label in values)


def evaluate(signal: Signal, samples: Samples, at: int) -> ValuesByLabels:
    """Return the values of a signal over the samples up to `at` (milliseconds)."""
    return SamplesAt(samples, at).values(signal)
