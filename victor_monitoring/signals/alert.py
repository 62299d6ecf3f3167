"""Alerting rules: a condition on a signal, by its expression and by its values over samples."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Final, Literal, TypeAlias

from victor_monitoring.promql.evaluation.evaluator import Evaluation, absent_labels, compiled
from victor_monitoring.promql.grammar import NAME
from victor_monitoring.promql.inference.infer import inferred
from victor_monitoring.promql.inference.labels import ABSENT as DROPPED
from victor_monitoring.promql.tree import Binary, Call, Expr, Number
from victor_monitoring.signals.evaluation import SamplesAt, ValuesByLabels
from victor_monitoring.signals.go_template.expansion import expanded_text
from victor_monitoring.signals.quantity import ABSENT, PRESENT, Condition
from victor_monitoring.signals.signal import LabelPairs, Signal
from victor_monitoring.signals.template import Template, has_go_template

GuardSense: TypeAlias = Literal["only_if", "unless"]
# The set operator of each sense of a guard, and the words before its guards and between them.
_SENSES: Final[dict[GuardSense, tuple[str, str, str]]] = {
    "only_if": ("and", "while", "and"),
    "unless": ("unless", "unless", "or"),
}
GUARD_SENSES: Final = tuple(_SENSES)
"""The senses of guards: keys of an alert, in the order in which its expression has them."""


@dataclass(frozen=True, slots=True)
class Guard:
    """A further condition of an alert: one that must be met (`only_if`), or must not be (`unless`)."""

    sense: GuardSense
    signal: Signal
    condition: Condition

    def allows(self, *, is_met: bool) -> bool:
        """Return whether the alert can fire, given whether the guard's condition is met."""
        return is_met == (self.sense == "only_if")

    @property
    def operator(self) -> str:
        """The set operator that joins the guard to the expression of the alert."""
        return _SENSES[self.sense][0]


@dataclass(frozen=True)
class AlertRule:
    """An alert as it is evaluated.

    `id` is unique in a spec; `name` is the label `alertname`, which several alerts may have. Durations are
    milliseconds: `evaluate` is the interval of the group. `labels` are all labels that the rule adds. They
    and `annotations` may be templates of Prometheus.
    """

    id: str
    name: str
    group: str
    signal: Signal
    condition: Condition
    guards: tuple[Guard, ...]
    pending: int
    keep_firing: int | None
    severity: str | None
    component: str
    labels: LabelPairs
    summary: Template | None
    runbook: str | None
    evaluate: int
    annotations: LabelPairs = field(default=(), kw_only=True)

    @property
    def summary_text(self) -> str | None:
        """The template of the summary, as the spec writes it."""
        return self.summary.text if self.summary else dict(self.annotations).get("summary")

    @property
    def static_labels(self) -> LabelPairs:
        """The labels that are the same in all instances of the alert."""
        return tuple((label, text) for label, text in self.labels if not has_go_template(text))

    @property
    def when(self) -> str:
        """The condition as the spec writes it, and those of the guards with the titles of their signals."""
        return " ".join((self.condition.text, *self._guard_words()))

    def _guard_words(self) -> Iterator[str]:
        for sense, (_, before, between) in _SENSES.items():
            conditions = (
                f"{each.signal.title} {'> 0' if each.condition.is_any else each.condition.text}"
                for each in self.guards
                if each.sense == sense
            )
            if words := f" {between} ".join(conditions):
                yield f"{before} {words}"

    @property
    def signals(self) -> tuple[Signal, ...]:
        """The alert's own signal, then those of the guards, each once."""
        found = (self.signal, *(each.signal for each in self.guards))
        return tuple({each.name: each for each in found}.values())

    @property
    def expr(self) -> Expr:
        """The expression of the rule: the signal beyond its threshold, and the conditions of the guards."""
        return self._guarded(_compared(self.signal, self.condition))

    def filled(self, template: Template, labels: Mapping[str, str], value: float) -> str:
        """Return a text with its placeholders replaced, for a value of the expression and its labels."""

        def text(name: str) -> str:
            if name == "value":
                return self.signal.unit.format.text(value)
            return self.condition.threshold.text if name == "threshold" else labels.get(name, "")

        return template.filled(text)

    def template_labels(self, labels: Mapping[str, str]) -> Mapping[str, str]:
        """Return the labels that templates read: those of a value of the expression, and its name if any.

        Selectors keep the name of the series, and so do comparisons and recordings.
        """
        return labels if self._name is None else {**labels, NAME: self._name}

    def expanded_labels(self, labels: Mapping[str, str], value: float) -> dict[str, str]:
        """Return the labels of the alert for a value of the expression and its labels.

        Templates that cannot be expanded without a Prometheus are as written.
        """
        read = self.template_labels(labels)
        own = {name: expanded_text(text, read, value) for name, text in self.labels}
        return {name: text for name, text in {**labels, **own, "alertname": self.name}.items() if text}

    def expanded_annotations(self, labels: Mapping[str, str], value: float) -> dict[str, str]:
        """Return the summary and the further annotations, expanded like the labels."""
        read = self.template_labels(labels)
        own = {name: expanded_text(text, read, value) for name, text in self.annotations}
        return {**({"summary": self.filled(self.summary, labels, value)} if self.summary else {}), **own}

    def may_have(self, label: str) -> bool:
        """Return whether a value of the expression can have the label, and so a template can read it."""
        if self.condition.op == ABSENT:
            return label in dict(absent_labels(self.signal.value()))
        found = self.signal.inference.labels
        return label in self.signal.labels or label == NAME or found[label] != DROPPED

    def met_values(self, samples: SamplesAt) -> ValuesByLabels:
        """Return the values of the rule's expression."""
        return samples.evaluated(self._evaluation, self.signals)

    def guarded_values(self, samples: SamplesAt) -> ValuesByLabels:
        """Return the values that the condition judges, only those for which all guards allow firing.

        They are the signal's, or those of `absent()`: each of them is an absence.
        """
        if not self.guards and self.condition.op != ABSENT:
            return samples.values(self.signal)
        return samples.evaluated(self._guarded_evaluation, self.signals)

    @cached_property
    def _name(self) -> str | None:
        """The name of all values of the expression; None if they have none, or several."""
        found = inferred(self.expr, {}).labels[NAME]
        return (
            next(iter(found.known)) if found.known and len(found.known) == 1 and not found.missing else None
        )

    @cached_property
    def _evaluation(self) -> Evaluation:
        return compiled(self.expr)

    @cached_property
    def _guarded_evaluation(self) -> Evaluation:
        judged = self.expr if self.condition.op == ABSENT else self._guarded(self.signal.value())
        return compiled(judged)

    def _guarded(self, expr: Expr) -> Expr:
        """Return the expression with every guard; `and` and `unless` bind alike, from left to right."""
        for guard in self.guards:
            compared = _compared(guard.signal, guard.condition)
            expr = Binary(guard.operator, expr, compared, self._matched_on(guard))
        return expr

    def _matched_on(self, guard: Guard) -> tuple[str, ...]:
        """Return the labels on which the values of the guard are matched with those of the alert.

        An absence has few labels or none. It is of one label set, whose labels `select` sets.
        """
        return () if ABSENT in (self.condition.op, guard.condition.op) else guard.signal.labels


def _compared(signal: Signal, condition: Condition) -> Expr:
    """Return the comparison of the signal's value with the threshold, or of its presence."""
    if condition.op == PRESENT:
        return signal.value()
    if condition.op == ABSENT:
        return Call("absent", (signal.value(),))
    return Binary(condition.op, signal.value(), Number(condition.threshold.value))
