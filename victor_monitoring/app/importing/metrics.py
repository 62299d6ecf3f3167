"""The declarations of the metrics that rules read: from expositions, or guessed from use and name."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from fractions import Fraction
from typing import Final

from victor_monitoring.promql.tree import Aggregate, Call, Expr, nodes, vectors
from victor_monitoring.signals.metric import Label, Metric, MetricType
from victor_monitoring.signals.metric_types import METRIC_TYPES
from victor_monitoring.signals.units import COUNT, ENDINGS, Unit

_OF_TARGETS: Final = frozenset({"instance"})  # what every series has, declared or not
_GROWTH: Final = frozenset({"rate", "increase", "irate"})


@dataclass(frozen=True, slots=True)
class KnownMetrics:
    """The metrics of expositions: each of their parts by the name of the metric.

    `buckets` are upper bounds in the metric's unit, in order and without infinity.
    """

    types: dict[str, str] = field(default_factory=dict)
    helps: dict[str, str] = field(default_factory=dict)
    units: dict[str, Unit] = field(default_factory=dict)
    labels: dict[str, tuple[str, ...]] = field(default_factory=dict)
    buckets: dict[str, tuple[Fraction, ...]] = field(default_factory=dict)


def guessed(trees: Iterable[Expr], known: KnownMetrics) -> dict[str, Metric]:
    """Return the metrics that the expressions read, by the names of their series."""
    trees = list(trees)
    used = {each.metric for tree in trees for each in vectors(tree) if each.metric}
    growing = {
        each.metric
        for tree in trees
        for call in nodes(tree, Call)
        if call.function in _GROWTH
        for each in vectors(call)
    }
    labels = _labels(trees)
    families = {name: _family(name, growing, known) for name in sorted(used)}
    named: dict[str, dict[str, None]] = {}
    for name, (family, _) in families.items():
        named.setdefault(family, {}).update(dict.fromkeys(sorted(labels[name])))
    made = {
        (family, kind): _metric(family, METRIC_TYPES[kind], named[family], known)
        for family, kind in families.values()
    }
    return {name: made[family] for name, family in families.items()}


def _metric(name: str, type_: MetricType, labels: Iterable[str], known: KnownMetrics) -> Metric:
    _, reserved = type_.LABEL or ("", "")
    named = dict.fromkeys((*known.labels.get(name, ()), *labels))
    own = tuple(Label(each, None) for each in named if each not in (reserved, *_OF_TARGETS))
    unit = known.units.get(name) or _unit(name)
    return Metric(name, type_, unit, known.helps.get(name, ""), own, known.buckets.get(name, ()))


def _labels(trees: Iterable[Expr]) -> dict[str, set[str]]:
    """Return the labels by which expressions select or aggregate, by the name of the series."""
    found: dict[str, set[str]] = {}
    for tree in trees:
        for each in vectors(tree):
            found.setdefault(each.metric, set()).update(matcher.label for matcher in each.matchers)
        for aggregate in nodes(tree, Aggregate):
            for each in vectors(aggregate):
                found[each.metric].update(aggregate.by or ())
    return {name: labels - {"__name__"} for name, labels in found.items()}


def _family(name: str, growing: set[str], known: KnownMetrics) -> tuple[str, str]:
    """Return the metric that a series belongs to, and its type."""
    for kind, type_ in METRIC_TYPES.items():
        for suffix in type_.SUFFIXES:
            stem = name.removesuffix(suffix)
            is_whole = "buckets" not in type_.KEYS or known.buckets.get(stem)
            if is_whole and known.types.get(stem) == kind and (not suffix or stem != name):
                return stem, kind
    for suffix in ("_sum", "_count"):  # of a histogram, too, whose buckets are not known
        stem = name.removesuffix(suffix)
        if stem != name and {f"{stem}_sum", f"{stem}_count"} <= growing:
            return stem, "summary"
    if {f"{name}_sum", f"{name}_count"} <= growing:
        return name, "summary"
    return name, "counter" if name in growing else "gauge"


def _unit(name: str) -> Unit:
    stem = name.removesuffix("_total")
    ending = max((each for each in ENDINGS if stem.endswith(f"_{each}")), key=len, default="")
    unit = ENDINGS.get(ending, COUNT)
    return unit if ending in unit.endings else COUNT
