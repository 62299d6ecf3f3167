"""The variables by which a reader of the dashboard narrows what it shows."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Final

from victor_monitoring.language.resolved.spec import Resolved
from victor_monitoring.promql.tree import Call, Matcher, Vector, text
from victor_monitoring.signals.metric import Metric
from victor_monitoring.signals.signal import Signal

DATA_SOURCE: Final = "datasource"


@dataclass(frozen=True, slots=True)
class Variable:
    """A variable over the values of a label; `query` finds them."""

    label: str
    query: str

    @property
    def name(self) -> str:
        """The label's name, unless the variable of the data source bears it."""
        return name_of(self.label)

    @property
    def matcher(self) -> Matcher:
        """What narrows a selector to the chosen values."""
        return matcher_of(self.label)


def name_of(label: str) -> str:
    """The name of the variable over a label."""
    return f"{label}_label" if label == DATA_SOURCE else label


def matcher_of(label: str) -> Matcher:
    """The matcher that narrows a selector to the chosen values of a label."""
    return Matcher(label, "=~", f"${name_of(label)}")


def pinned(select: Iterable[Matcher]) -> frozenset[str]:
    """The labels of which a select leaves one value only."""
    return frozenset(matcher.label for matcher in select)


def open_scope(signal: Signal) -> tuple[str, ...]:
    """The scope labels that the signal's select leaves open."""
    return tuple(label for label in signal.scope if label not in pinned(signal.select))


def variables_of(spec: Resolved) -> tuple[Variable, ...]:
    """The scope labels that are not pinned, then each `by` label of a signal on a panel."""
    select = spec.service.select
    scope = [label for label in spec.service.scope if label not in pinned(select)]
    found = {label: _variable(label, "up", select, scope[:index]) for index, label in enumerate(scope)}
    for signal in _drawn(spec):
        fixed = pinned(signal.select)
        earlier = [label for label in scope if label not in fixed]
        for label in signal.by:
            if label not in found and label not in fixed:
                found[label] = _variable(label, _metric_with(label, signal), signal.select, earlier)
    return tuple(found.values())


def _variable(label: str, metric: str, select: tuple[Matcher, ...], earlier: Iterable[str]) -> Variable:
    series = Vector(metric, (*select, *map(matcher_of, earlier)))
    return Variable(label, text(Call("label_values", (series, Vector(label)))))


def _drawn(spec: Resolved) -> Iterator[Signal]:
    """The signals on the panels, each once."""
    drawn = {signal.name: signal for panel in spec.panels for signal in panel.signals}
    return iter(drawn.values())


def _metrics(signal: Signal) -> Iterator[Metric]:
    """The metrics that the signal reads, those of its parts included."""
    for reading in signal.kind.readings():
        yield reading.selector.metric
    for _, part in signal.kind.parts():
        yield from _metrics(part)


def _metric_with(label: str, signal: Signal) -> str:
    """The first metric of the signal that has the label as its own; `up` for a label of the targets."""
    names = (_series_name(metric) for metric in _metrics(signal) if label in metric.label_names)
    return next(names, "up")


def _series_name(metric: Metric) -> str:
    """A name under which the metric's series exist: a histogram has none under its own."""
    return f"{metric.name}_count" if metric.type == "histogram" else metric.name
