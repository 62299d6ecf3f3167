"""Building blocks of all kinds: PromQL that reads counters and gauges, and synthetic series of them."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import replace
from fractions import Fraction
from typing import Final

from victor_monitoring.promql.tree import Aggregate, Call, Expr
from victor_monitoring.signals.metric import Selector
from victor_monitoring.signals.signal import Signal, Stream

ELSEWHERE: Final = "elsewhere"  # a label value that is unlikely in a spec


def rate(signal: Signal, selector: Selector, suffix: str = "") -> Expr:
    """Return the expression of each series' per-second rate over the signal's window."""
    return Call("rate", (selector.vector(signal.select, signal.window, suffix),))


def latest(signal: Signal, selector: Selector) -> Expr:
    """Return the expression of each series' last value within the signal's look-back; a gauge's series."""
    return Call("last_over_time", (selector.vector(signal.select, signal.lookback),))


def fold(signal: Signal, op: str, expr: Expr) -> Expr:
    """Aggregate the series by the labels of the signal."""
    return Aggregate(op, expr, signal.labels)


def group(signal: Signal, labels: Mapping[str, str]) -> dict[str, str]:
    """Return the labels among `labels` that are in the signal's `by`."""
    return {name: labels[name] for name in signal.by if name in labels}


def label_sets_in(group: Mapping[str, str], selector: Selector) -> Iterator[dict[str, str]]:
    """Yield the label sets that the selector matches, with the group's values of the group's labels."""
    for labels in selector.label_sets():
        mine = {name: group.get(name, value) for name, value in labels.items()}
        if selector.matches(mine):
            yield mine


def first_labels(selector: Selector, group: Mapping[str, str] | None = None) -> dict[str, str]:
    """Return the first label set, of the group if given, that the selector matches; else ValueError."""
    for labels in label_sets_in(group or {}, selector):
        return labels
    raise ValueError(f"no series of `{selector.metric.name}` can meet the selector")


def another(selectors: Iterable[Selector], label: str, used: Collection[str | None]) -> str | None:
    """Return an unused value of a label that all selectors with that label match; None if none exists."""
    owning = [each for each in selectors if label in each.metric.label_names]
    labels = [declared for each in owning for declared in each.metric.labels if declared.name == label]
    for value in (*(value for declared in labels for value in declared.values or ()), ELSEWHERE):
        is_declared = all(declared.values is None or value in declared.values for declared in labels)
        if value not in used and is_declared and all(_allows(each, label, value) for each in owning):
            return value
    return None


def _allows(selector: Selector, label: str, value: str) -> bool:
    mine = tuple(matcher for matcher in selector.matchers if matcher.label == label)
    return Selector(selector.metric, mine).matches({label: value})


def relabelled(stream: Stream, label: str, value: str) -> Stream:
    """Return the stream with this label set to this value."""
    return replace(stream, labels=tuple(sorted({**dict(stream.labels), label: value}.items())))


def stream(name: str, labels: Mapping[str, str], target: Mapping[str, str], start: Fraction) -> Stream:
    """Return a series of a gauge with a constant value."""
    return Stream(name, tuple(sorted({**target, **labels}.items())), start)


def growing(
    signal: Signal, name: str, labels: Mapping[str, str], target: Mapping[str, str], per_second: Fraction
) -> Stream:
    """Return a series of a counter that grows by a constant rate."""
    step = per_second * signal.scrape / 1000
    return Stream(name, tuple(sorted({**target, **labels}.items())), Fraction(0), step, total=True)
