"""Series held against what the spec says: labels and their values, buckets, and how many there are."""

from __future__ import annotations

import itertools
import math
from collections import Counter, defaultdict
from collections.abc import Iterator
from typing import TypeAlias

from victor_monitoring.base.diagnostics import nearest
from victor_monitoring.language.resolved.spec import LabelPairs
from victor_monitoring.live.exposition.comparison import CREATED, Comparison, Found, close_to, deviation
from victor_monitoring.live.exposition.exposition import ExpositionToken, Sample
from victor_monitoring.signals.metric import Metric

_OTHER = "other"  # what values beyond an open label's limit become
_Bounds: TypeAlias = dict[float, ExpositionToken]


@deviation("VM807", "other-labels")
def other_labels(held: Comparison) -> Iterator[Found]:
    """A series has a label that the spec does not declare, or lacks one that it does.

    A selector of a label that is not there finds nothing; one that nobody declared splits every series.
    What a Prometheus adds to federated series is left out: `job`, `instance`, and beside them the platform's
    labels and those of the spec's `select` and `scope`.

    Bad: `shop_orders_total{customer="4711"}`. Good: the labels of the spec, all of them.
    """
    for declared in held.declared:
        metric, told = declared.metric, set[str]()
        for sample in held.of(metric):
            own = {name.text: name for name, _ in held.own_labels(metric, sample)}
            for name in sorted(own.keys() - set(metric.label_names) - told):
                message = f"`{metric.name}` has the label `{name}`, which is not declared"
                hint = close_to(name, set(metric.label_names) - own.keys())
                yield Found(own[name], message, hint or "declare it in the spec, or stop exposing it")
            lacking = set(metric.label_names) - own.keys() - told
            for name in sorted(lacking):
                message = f"`{sample.name.text}` lacks the label `{name}`"
                yield Found(sample.name, message, "expose every declared label on every series")
            told |= own.keys() ^ set(metric.label_names)


@deviation("VM808", "undeclared-label-value")
def undeclared_label_value(held: Comparison) -> Iterator[Found]:
    """A label with a closed set of values has another one.

    Signals that name the values of the set do not count it: failures under a new word are no failures.

    Bad: `outcome="failed"` of `[success, failure]`. Good: `outcome="failure"`.
    """
    for declared in held.declared:
        closed = {label.name: label.values for label in declared.metric.labels if label.values is not None}
        strange: dict[str, dict[str, ExpositionToken]] = defaultdict(dict)
        for sample in held.of(declared.metric):
            for name, value in held.own_labels(declared.metric, sample):
                if value.text not in closed.get(name.text, (value.text,)):
                    strange[name.text].setdefault(value.text, value)
        for label, values in strange.items():
            first, *others = values.values()
            more = f" (nor are {len(others)} more)" if others else ""
            message = f"`{first.text}` is no value of `{label}` of `{declared.metric.name}`{more}"
            yield Found(first, message, nearest(first.text, closed[label]))


@deviation("VM809", "other-buckets")
def other_buckets(held: Comparison) -> Iterator[Found]:
    """A histogram has other bucket bounds than the spec says.

    A threshold on a quantile is exact on a bound; beside it the quantile is a guess between two bounds, and
    above the highest one there is none. Bounds that differ between targets cannot be added up.

    Bad: `le="0.2"` where the spec says `250ms`. Good: the bounds of the spec, and `+Inf`.
    """
    for declared in held.declared:
        metric = declared.metric
        if metric.type != "histogram" or held.has_other_type(metric):
            continue
        wanted = {float(bound) for bound in metric.buckets} | {float("inf")}
        for samples in _histograms(held, metric):
            bounds, broken = _bounds(samples)
            if broken:
                yield broken
                break
            lacking, added = sorted(wanted - bounds.keys()), sorted(bounds.keys() - wanted)
            if lacking or added:
                place = bounds[added[0]] if added else samples[-1].name
                words = [f"lacks {_listed(lacking)}"] if lacking else []
                words += [f"has {_listed(added)}"] if added else []
                message = f"the buckets of `{metric.name}` are not the spec's: it {' and '.join(words)}"
                yield Found(place, message, "expose the spec's bounds, or correct the spec")
                break


@deviation("VM810", "overspent-budget")
def overspent_budget(held: Comparison) -> Iterator[Found]:
    """A target exposes more series than the spec's `budget` allows.

    `validate` counts what is declared, this what is there: undeclared metrics with the prefix, too, and
    labels beyond their limit. A Prometheus pays for each series, for as long as it remembers it.

    Bad: 6,000 series with `budget: {series: 5000}`. Good: fewer labels, or a budget with a reason.
    """
    if held.spec.budget is None:
        return
    names = {sample.name.text for each in held.declared for sample in held.of(each.metric)}
    names |= {name for name in held.samples if name.startswith(held.spec.service.prefix)}
    targets: dict[LabelPairs, Counter[str]] = defaultdict(Counter)
    for name in names:
        if not name.endswith(CREATED):
            for sample in held.samples[name]:
                targets[held.target(sample)][name] += 1
    largest = max(targets.values(), key=Counter.total, default=Counter[str]())
    if largest.total() > held.spec.budget:
        name, count = largest.most_common(1)[0]
        message = f"a target exposes {largest.total()} series, more than {held.spec.budget}"
        yield Found(("budget", "series"), message, f"the most are of `{name}`: {count}")


@deviation("VM811", "label-over-limit")
def label_over_limit(held: Comparison) -> Iterator[Found]:
    """An open label has more values on a target than its limit.

    The registry turns values beyond the limit into `other`; this target does not, and may grow without end.

    Bad: a `user` of every customer. Good: labels whose values are few and known.
    """
    for declared in held.declared:
        limits = {label.name: label.limit for label in declared.metric.labels if label.limit is not None}
        seen: dict[tuple[str, LabelPairs], dict[str, ExpositionToken]] = defaultdict(dict)
        for sample in held.of(declared.metric) if limits else ():
            for name, value in held.own_labels(declared.metric, sample):
                if name.text in limits and value.text != _OTHER:
                    seen[name.text, held.target(sample)].setdefault(value.text, value)
        told: set[str] = set()
        for (label, _), values in seen.items():
            limit = limits[label]
            if len(values) > limit and label not in told:
                told.add(label)
                beyond = next(itertools.islice(values.values(), limit, None))
                message = f"`{label}` of `{declared.metric.name}` has {len(values)} values, more than {limit}"
                yield Found(beyond, message, f"turn the values beyond the limit into `{_OTHER}`, or raise it")


def _histograms(held: Comparison, metric: Metric) -> Iterator[list[Sample]]:
    """The buckets of each histogram of the metric."""
    found: dict[object, list[Sample]] = defaultdict(list)
    for sample in held.samples.get(f"{metric.name}_bucket", ()):
        key = frozenset((name.text, value.text) for name, value in sample.labels if name.text != "le")
        found[key].append(sample)
    yield from found.values()


def _bounds(buckets: list[Sample]) -> tuple[_Bounds, Found | None]:
    """The upper bounds with their places, and the first bucket that has none."""
    bounds: _Bounds = {}
    for sample in buckets:
        bound = sample.value_of("le")
        if bound is None:
            return bounds, Found(
                sample.name, f"`{sample.name.text}` lacks the label `le`", "name its upper bound"
            )
        try:
            bounds[float(bound.text)] = bound
        except ValueError:
            return bounds, Found(
                bound, f"`{bound.text}` is no number, so no bound", "write a number or `+Inf`"
            )
    return bounds, None


def _listed(bounds: list[float]) -> str:
    words = ["`+Inf`" if math.isinf(bound) else f"`{bound:.12g}`" for bound in bounds]
    return ", ".join(words[:4]) + (f" and {len(words) - 4} more" if len(words) > 4 else "")
