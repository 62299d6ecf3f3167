"""The series of a target of a spec, at values that are typical of such metrics."""

from __future__ import annotations

import itertools
import random
import re
from collections.abc import Iterator, Mapping
from typing import Final

from victor_monitoring.language.resolved.spec import Resolved
from victor_monitoring.signals.metric import Label, Metric, Population, Selector, SeriesKey

EVENTS: Final = 40_000
"""Increase of a counter of events in the default window: rounding it hardly changes a ratio."""

# The usual values of labels with these names.
_USUAL_VALUES: Final[Mapping[str, tuple[str, ...]]] = {
    **dict.fromkeys(("code", "status", "status_code"), ("200", "404", "500")),
    **dict.fromkeys(("route", "path", "handler", "endpoint"), ("/", "/search", "/items/{id}")),
    "method": ("GET", "POST"),
    "quantile": ("0.5", "0.95", "0.99"),
}
_PATTERN = re.compile(r"[.*+?()\[\]{}|^$\\]")


def natural(spec: Resolved, seed: int) -> Population:
    """Return the series of a target: closed labels with all values, open ones with some; equal per seed."""
    found: dict[SeriesKey, float] = {}
    for declared in spec.declared:
        metric = declared.metric
        series = metric.series()
        selectors = [read.selector for read in spec.reads if read.selector.metric.name in series]
        chance = random.Random(f"{seed} {metric.name}")  # noqa: S311 - it keeps no secret
        sets = list(_weighted_sets(series[metric.name], selectors))
        total = sum(weight for weight, _ in sets)
        growth = series[metric.present].unit.growth
        for weight, labels in sets:
            near = chance.uniform(0.8, 1.2)
            rate = (EVENTS * 1000 / spec.window if growth is None else growth) * weight / total * near
            level = _level(metric) * (1 if _is_state(metric) else near)
            found.update(metric.type.typical(metric, labels, level, rate))
    return found


def _level(metric: Metric) -> float:
    if _is_state(metric):
        return 1.0
    low, high = metric.low, metric.high
    if low is not None and high is not None:
        return float(low + (high - low) * 3 / 10)
    return metric.unit.level


def _is_state(metric: Metric) -> bool:
    """Return whether the metric is 0 or 1."""
    return metric.unit.is_counted and metric.low == 0 and metric.high == 1


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
