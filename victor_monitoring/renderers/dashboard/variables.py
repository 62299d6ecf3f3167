"""The dashboard's variables, by which a user filters its panels."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Final

from victor_monitoring.language.resolved.spec import Resolved
from victor_monitoring.promql.printer import text
from victor_monitoring.promql.tree import Call, Matcher, Vector
from victor_monitoring.signals.select import Select
from victor_monitoring.signals.signal import Signal

DATA_SOURCE: Final = "datasource"


@dataclass(frozen=True, slots=True)
class Variable:
    """A variable over the values of a label, which `query` returns."""

    label: str
    query: str

    @property
    def name(self) -> str:
        """The label's name, with a suffix where it would clash with the data source's variable."""
        return name_of(self.label)

    @property
    def matcher(self) -> Matcher:
        """The matcher that narrows a selector to the chosen values."""
        return matcher_of(self.label)


def name_of(label: str) -> str:
    """Return the name of the variable over a label."""
    return f"{label}_label" if label == DATA_SOURCE else label


def matcher_of(label: str) -> Matcher:
    """Return the matcher that narrows a selector to the chosen values of a label."""
    return Matcher(label, "=~", f"${name_of(label)}")


def open_scope(signal: Signal) -> tuple[str, ...]:
    """Return the scope labels that the signal's select leaves open."""
    return tuple(label for label in signal.scope if label not in signal.select.fixed)


def variables_of(spec: Resolved) -> tuple[Variable, ...]:
    """Return the variables: scope labels without a fixed value, then other labels of signals on panels.

    They are the labels that a select matches by a pattern, and those in `by`.
    """
    select = spec.service.select
    scope = [label for label in spec.service.scope if label not in select.fixed]
    found = {label: _variable(label, "up", select, scope[:index]) for index, label in enumerate(scope)}
    for signal in _drawn(spec):
        fixed = signal.select.fixed
        earlier = [label for label in scope if label not in fixed]
        for label in (*(each.label for each in signal.select.patterns), *signal.by):
            if label not in found and label not in fixed:
                found[label] = _variable(label, _metric_with(label, signal), signal.select, earlier)
    return tuple(found.values())


def _variable(label: str, metric: str, select: Select, earlier: Iterable[str]) -> Variable:
    series = Vector(metric, (*select, *map(matcher_of, earlier)))
    return Variable(label, text(Call("label_values", (series, Vector(label)))))


def _drawn(spec: Resolved) -> Iterator[Signal]:
    """Return the signals on the panels, each once."""
    drawn = {signal.name: signal for panel in spec.panels for signal in panel.signals}
    return iter(drawn.values())


def _metric_with(label: str, signal: Signal) -> str:
    """Return a series name with the label: of the signal's first metric that declares it, else `up`."""
    names = (metric.present for metric in signal.metrics() if label in metric.label_names)
    return next(names, "up")
