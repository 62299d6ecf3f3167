"""Synthetic series: their values at each scrape, and the labels that they need."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from fractions import Fraction

from victor_monitoring.signals.metric import Selector
from victor_monitoring.signals.select import ELSEWHERE
from victor_monitoring.signals.signal import Signal


@dataclass(frozen=True, slots=True)
class Stream:
    """A synthetic series: `start` at the first scrape, and `step` more at each later scrape.

    A `total` only grows: a stream that follows another one continues from the last value. With `follows_time`
    `start` is the value at the time 0, so that the distance to the time of a scrape is always the same.
    """

    metric: str
    labels: tuple[tuple[str, str], ...]
    start: Fraction
    step: Fraction = Fraction(0)
    total: bool = False
    follows_time: bool = False


def shared(stream: Stream, target: Mapping[str, str], share: Fraction) -> Stream:
    """Return the series of another target, with this share of the values."""
    labels = tuple(sorted({**dict(stream.labels), **target}.items()))
    return replace(stream, labels=labels, start=stream.start * share, step=stream.step * share)


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
