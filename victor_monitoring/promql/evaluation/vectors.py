"""Instant vectors and their label sets, and the errors of an evaluation."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from functools import lru_cache
from typing import NamedTuple, TypeAlias

from victor_monitoring.promql.grammar import LEGACY_LABEL, NAME
from victor_monitoring.promql.prometheus_version import PrometheusVersion
from victor_monitoring.promql.samples import Samples

# The labels of a series without empty ones. Its name is the label `__name__`, if Prometheus keeps it.
LabelSet: TypeAlias = frozenset[tuple[str, str]]
InstantVector: TypeAlias = Mapping[LabelSet, float]
_CACHED = 10_000


class EvaluationError(Exception):
    """Prometheus would fail to evaluate the expression over these samples."""


class UnsupportedError(Exception):
    """The evaluator leaves out a function or an operator of the expression."""


class Moment(NamedTuple):
    """The samples and the time of an evaluation; `query` is that of the query around all subqueries."""

    samples: Samples
    at: int
    query: int


class Window(NamedTuple):
    """The samples of one series from `start` to `end`, at least one; `at` is the time of the evaluation."""

    labels: LabelSet
    times: Sequence[int]
    values: Sequence[float]
    start: int
    end: int
    moment: Moment


ScalarNode: TypeAlias = Callable[[Moment], float]
VectorNode: TypeAlias = Callable[[Moment], InstantVector]
WindowsNode: TypeAlias = Callable[[Moment], Iterable[Window]]


@lru_cache(_CACHED)
def unnamed(labels: LabelSet) -> LabelSet:
    """Return the labels without the name of the series."""
    return frozenset(pair for pair in labels if pair[0] != NAME)


def without_names(vector: InstantVector) -> InstantVector:
    """Return the vector without names. Raise EvaluationError if two series become equal."""
    return unique([(unnamed(labels), value) for labels, value in vector.items()])


def unique(points: Sequence[tuple[LabelSet, float]]) -> InstantVector:
    """Return the vector of these points. Raise EvaluationError if two have the same labels."""
    found = dict(points)
    if len(found) != len(points):
        raise EvaluationError("vector cannot contain metrics with the same labelset")
    return found


def only(names: Collection[str]) -> Callable[[LabelSet], LabelSet]:
    """Return a function that keeps these labels."""
    wanted = frozenset(names)
    return lru_cache(_CACHED)(lambda labels: frozenset(pair for pair in labels if pair[0] in wanted))


def without(names: Collection[str]) -> Callable[[LabelSet], LabelSet]:
    """Return a function that removes these labels and the name."""
    unwanted = frozenset(names) | {NAME}
    return lru_cache(_CACHED)(lambda labels: frozenset(pair for pair in labels if pair[0] not in unwanted))


def check_label(name: str, prometheus: PrometheusVersion) -> None:
    """Raise EvaluationError unless the version takes this name of a label."""
    if not name or (prometheus.is_before_3 and not LEGACY_LABEL.fullmatch(name)):
        raise EvaluationError(f"invalid label name {name!r}")


def relabeled(labels: LabelSet, name: str, value: str) -> LabelSet:
    """Return the labels with one set, or removed if the value is empty."""
    rest = frozenset(pair for pair in labels if pair[0] != name)
    return rest | {(name, value)} if value else rest
