"""How every kind reads metrics: the PromQL of counters and gauges, and synthetic series for them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from fractions import Fraction

from .metric import MetricType, Selector
from .promql import Aggregate, Call, Expr
from .signal import Signal, Stream

COUNTER: frozenset[MetricType] = frozenset({"counter"})
GAUGE: frozenset[MetricType] = frozenset({"gauge"})
HISTOGRAM: frozenset[MetricType] = frozenset({"histogram"})


def rate(signal: Signal, selector: Selector, suffix: str = "") -> Expr:
    """The per-second rate of each series over the signal's window."""
    return Call("rate", (selector.vector(signal.select, signal.window, suffix),))


def latest(signal: Signal, selector: Selector) -> Expr:
    """The last value of each series of a gauge within the look-back."""
    return Call("last_over_time", (selector.vector(signal.select, signal.lookback),))


def fold(signal: Signal, op: str, expr: Expr) -> Expr:
    """The series folded into one per label set of the signal."""
    return Aggregate(op, expr, signal.labels)


def group(signal: Signal, labels: Mapping[str, str]) -> dict[str, str]:
    """The labels by which the signal tells its values apart, as far as a series has them."""
    return {name: labels[name] for name in signal.by if name in labels}


def label_sets_in(group: Mapping[str, str], selector: Selector) -> Iterator[dict[str, str]]:
    """The label sets of a group that the selector selects."""
    for labels in selector.label_sets():
        mine = {name: group.get(name, value) for name, value in labels.items()}
        if selector.matches(mine):
            yield mine


def first_labels(selector: Selector, group: Mapping[str, str] | None = None) -> dict[str, str]:
    """The first label set, of the group if given, that the selector selects; ValueError where none is."""
    for labels in label_sets_in(group or {}, selector):
        return labels
    raise ValueError(f"no series of `{selector.metric.name}` can meet the selector")


def stream(name: str, labels: Mapping[str, str], target: Mapping[str, str], start: Fraction) -> Stream:
    """A gauge's series at one value."""
    return Stream(name, tuple(sorted({**target, **labels}.items())), start)


def growing(
    signal: Signal, name: str, labels: Mapping[str, str], target: Mapping[str, str], per_second: Fraction
) -> Stream:
    """A counter's series that grows evenly."""
    step = per_second * signal.scrape / 1000
    return Stream(name, tuple(sorted({**target, **labels}.items())), Fraction(0), step, total=True)
