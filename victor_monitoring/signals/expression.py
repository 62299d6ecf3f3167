"""Raw PromQL of a spec: its tree, and the metrics and signals that its selectors name."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from typing import TypeAlias

from victor_monitoring.promql.grammar import ABSENCE
from victor_monitoring.promql.samples import LOOKBACK
from victor_monitoring.promql.tree import (
    Expr,
    Subquery,
    Vector,
    children,
    map_vectors,
    mapped,
)
from victor_monitoring.signals.metric import Metric, Selector
from victor_monitoring.signals.select import Select
from victor_monitoring.signals.signal import Signal

WrittenExpression: TypeAlias = str
"""PromQL as the spec writes it; it is read once the version of Prometheus is known."""


@dataclass(frozen=True, slots=True)
class NamedSeries:
    """A selector of raw PromQL: the name of the series as written, and what is selected of its metric."""

    name: str
    selector: Selector

    @classmethod
    def of(cls, vector: Vector, metric: Metric) -> NamedSeries:
        """Return the series that a selector names, with its matchers on labels that the metric declares."""
        own = tuple(each for each in vector.matchers if each.label in metric.label_names)
        return cls(vector.metric, Selector(metric, own))


@dataclass(frozen=True, slots=True)
class Expression:
    """Raw PromQL with the select of its metrics; `parts` are the signals whose recorded series it reads.

    The spans in the tree are those of the text as `written`.
    """

    tree: Expr
    series: tuple[NamedSeries, ...]
    parts: tuple[Signal, ...]
    written: str = field(compare=False)


def selecting(tree: Expr, select: Callable[[Vector], Select]) -> Expr:
    """Return the tree with matchers added to each selector, before its own.

    What is absent is selected as written: with more matchers, series would be absent that others have.
    """

    def selected(vector: Vector) -> Vector:
        added = tuple(each for each in select(vector) if each not in vector.matchers)
        return replace(vector, matchers=(*added, *vector.matchers))

    return map_vectors(tree, selected, outside=ABSENCE)


def with_durations(tree: Expr, change: Callable[[int], int]) -> Expr:
    """Return the tree with every window, step and offset changed; durations are milliseconds."""

    def changed(node: Expr) -> Expr:
        match node:
            case Vector(window=window, offset=offset) if window is not None or offset:
                return replace(node, window=window and change(window), offset=_signed(offset, change))
            case Subquery():
                step = None if node.step is None else change(node.step)
                offset = _signed(node.offset, change)
                return replace(node, window=change(node.window), step=step, offset=offset)
            case _:
                return node

    return mapped(tree, changed)


def _signed(offset: int, change: Callable[[int], int]) -> int:
    return change(offset) if offset > 0 else -change(-offset) if offset else 0


def windows(tree: Expr) -> Iterator[int]:
    """Yield the windows of range selectors and subqueries, in milliseconds."""
    match tree:
        case Vector(window=window) if window is not None:
            yield window
        case Subquery(window=window):
            yield window
    for child in children(tree):
        yield from windows(child)


def history(tree: Expr) -> int:
    """Return how long before an evaluation a sample can matter to it, in milliseconds."""
    inner = max((history(child) for child in children(tree)), default=0)
    match tree:
        case Vector(window=window, offset=offset):
            return (LOOKBACK if window is None else window) + max(offset, 0)
        case Subquery(window=window, offset=offset):
            return inner + window + max(offset, 0)
        case _:
            return inner
