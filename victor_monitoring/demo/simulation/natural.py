"""The series of a target of a spec, at values that are typical of such metrics."""

from __future__ import annotations

import itertools
import random
import re
from collections.abc import Iterator, Mapping
from typing import Final

from victor_monitoring.language.resolved.spec import Resolved
from victor_monitoring.signals.metric import Label, Metric, Population, Selector, SeriesKey, series_key
from victor_monitoring.signals.quantity import Unit

EVENTS: Final = 40_000
"""Increase of a counter of events in the default window: rounding it hardly changes a ratio."""

# The usual values of labels with these names.
_USUAL_VALUES: Final[Mapping[str, tuple[str, ...]]] = {
    **dict.fromkeys(("code", "status", "status_code"), ("200", "404", "500")),
    **dict.fromkeys(("route", "path", "handler", "endpoint"), ("/", "/search", "/items/{id}")),
    "method": ("GET", "POST"),
}
_GROWTH: Final[Mapping[Unit, float]] = {"seconds": 0.4, "bytes": 2.0**20, "ratio": 0.1}
_LEVELS: Final[Mapping[Unit, float]] = {"seconds": 3.0, "bytes": 200 * 2.0**20, "ratio": 0.3, "score": 90.0}
_PATTERN = re.compile(r"[.*+?()\[\]{}|^$\\]")


def natural(spec: Resolved, seed: int) -> Population:
    """Return the series of a target: closed labels with all values, open ones with some; equal per seed."""
    found: dict[SeriesKey, float] = {}
    for declared in spec.declared:
        metric = declared.metric
        selectors = [read.selector for read in spec.reads if read.selector.metric.name in metric.series()]
        chance = random.Random(f"{seed} {metric.name}")  # noqa: S311 - it keeps no secret
        sets = list(_weighted_sets(metric, selectors))
        total = sum(weight for weight, _ in sets)
        for weight, labels in sets:
            near = chance.uniform(0.8, 1.2)
            if metric.type == "gauge":
                found[series_key(metric.name, labels)] = _level(metric) * (1 if _is_state(metric) else near)
            else:
                growth = _GROWTH.get("count" if metric.type == "histogram" else metric.unit)
                rate = (EVENTS * 1000 / spec.window if growth is None else growth) * weight / total * near
                found.update(_counted(metric, labels, rate))
    return found


def _counted(metric: Metric, labels: dict[str, str], rate: float) -> Iterator[tuple[SeriesKey, float]]:
    """Yield the series of a counter, or of a histogram with observations around its middle bucket."""
    if metric.type == "counter":
        yield series_key(metric.name, labels), rate
        return
    bounds = [float(bound) for bound in metric.buckets]
    middle = len(bounds) // 2
    for place, bound in enumerate((*bounds, float("inf")), start=1):
        share = min(1.0, (place / (middle + 2)) ** 2)
        le = "+Inf" if place > len(bounds) else repr(bound)
        yield series_key(f"{metric.name}_bucket", {**labels, "le": le}), rate * share
    yield series_key(f"{metric.name}_count", labels), rate
    yield series_key(f"{metric.name}_sum", labels), rate * bounds[middle] / 2


def _level(metric: Metric) -> float:
    if _is_state(metric):
        return 1.0
    low, high = metric.low, metric.high
    if low is not None and high is not None:
        return float(low + (high - low) * 3 / 10)
    return _LEVELS.get(metric.unit, 20.0)


def _is_state(metric: Metric) -> bool:
    """Return whether the metric is 0 or 1."""
    return metric.unit == "count" and metric.low == 0 and metric.high == 1


def _weighted_sets(metric: Metric, selectors: list[Selector]) -> Iterator[tuple[float, dict[str, str]]]:
    """Yield the label sets with weights: the first values of a label are the most frequent ones."""
    choices = [_values(label, selectors) for label in metric.labels]
    for chosen in itertools.product(*(list(enumerate(values, start=1)) for values in choices)):
        weight = 1.0
        for place, _ in chosen:
            weight /= place**2
        names = metric.label_names
        yield weight, dict(zip(names, (value for _, value in chosen), strict=True))


def _values(label: Label, selectors: list[Selector]) -> tuple[str, ...]:
    """Return the values of a label: all of a closed one; of an open one some, and those of selectors."""
    if label.values is not None:
        return label.values
    usual = _USUAL_VALUES.get(label.name, tuple(f"{label.name}-{number}" for number in (1, 2, 3)))
    selected = dict.fromkeys(
        value for each in selectors if (value := _selected(label, each, usual)) is not None
    )
    return (*selected, *(each for each in usual if each not in selected))[: label.limit]


def _selected(label: Label, selector: Selector, usual: tuple[str, ...]) -> str | None:
    """Return a value that the selector matches; None if it matches one of the usual values."""
    own = tuple(each for each in selector.matchers if each.label == label.name)
    selected = Selector(selector.metric, own)
    if any(selected.matches({label.name: value}) for value in usual):
        return None
    found = [each[label.name] for each in selected.label_sets()]
    return next((each for each in found if not _PATTERN.search(each)), next(iter(found), None))
