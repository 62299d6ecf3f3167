"""Deviations of series: labels and their values, bucket bounds, and the number of series."""

from __future__ import annotations

import itertools
import math
from collections import Counter, defaultdict
from collections.abc import Iterator
from typing import TypeAlias

from victor_monitoring.base.diagnostics import unknown_name_hint
from victor_monitoring.live.exposition.comparison import (
    CREATED,
    Comparison,
    Deviation,
    close_to,
    deviation_kind,
)
from victor_monitoring.live.exposition.exposition import ExpositionToken, Sample
from victor_monitoring.signals.metric import Metric
from victor_monitoring.signals.signal import LabelPairs

_OTHER = "other"  # the value that replaces those beyond an open label's limit
_Bounds: TypeAlias = dict[float, ExpositionToken]


@deviation_kind("VM807", "other-labels")
def other_labels(comparison: Comparison) -> Iterator[Deviation]:
    """Series have a label that the spec does not declare, or a declared label is missing.

    A selector on a missing label finds nothing; an undeclared label splits every series. The labels that a
    Prometheus adds to federated series are ignored: `job` and `instance`, and with them the platform's labels
    and those of the spec's `select` and `scope`.

    Bad: `shop_orders_total{customer="4711"}`. Good: the labels of the spec, all of them.
    """
    for declared in comparison.declared:
        metric, reported = declared.metric, set[str]()
        for sample in comparison.samples_of(metric):
            own = {name.text: name for name, _ in comparison.own_labels(metric, sample)}
            for name in sorted(own.keys() - set(metric.label_names) - reported):
                message = f"`{metric.name}` has the label `{name}`, which is not declared"
                hint = close_to(name, set(metric.label_names) - own.keys())
                yield Deviation(own[name], message, hint or "declare it in the spec, or stop exposing it")
            missing = set(metric.label_names) - own.keys() - reported
            for name in sorted(missing):
                message = f"`{sample.name.text}` has no label `{name}`"
                yield Deviation(sample.name, message, "expose every declared label on every series")
            reported |= own.keys() ^ set(metric.label_names)


@deviation_kind("VM808", "undeclared-label-value")
def undeclared_label_value(comparison: Comparison) -> Iterator[Deviation]:
    """Labels with a closed set of values have an undeclared value.

    Signals select declared values only, so they do not count failures with a new value.

    Bad: `outcome="failed"` of `[success, failure]`. Good: `outcome="failure"`.
    """
    for declared in comparison.declared:
        closed = {label.name: label.values for label in declared.metric.labels if label.values is not None}
        undeclared: dict[str, dict[str, ExpositionToken]] = defaultdict(dict)
        for sample in comparison.samples_of(declared.metric):
            for name, value in comparison.own_labels(declared.metric, sample):
                if value.text not in closed.get(name.text, (value.text,)):
                    undeclared[name.text].setdefault(value.text, value)
        for label, values in undeclared.items():
            first, *others = values.values()
            more = f" (nor are {len(others)} more)" if others else ""
            message = f"`{first.text}` is no value of `{label}` of `{declared.metric.name}`{more}"
            yield Deviation(first, message, unknown_name_hint(first.text, closed[label]))


@deviation_kind("VM809", "other-buckets")
def other_buckets(comparison: Comparison) -> Iterator[Deviation]:
    """Histograms have other bucket bounds than the spec declares.

    A threshold on a quantile is exact at a bound. Elsewhere the quantile is interpolated between two bounds,
    and it never exceeds the highest finite one.
    Histograms whose bounds differ between targets cannot be summed.

    Bad: `le="0.2"` where the spec says `250ms`. Good: the bounds of the spec, and `+Inf`.
    """
    for declared in comparison.declared:
        metric = declared.metric
        if not metric.buckets or comparison.has_other_type(metric):
            continue
        wanted = {float(bound) for bound in metric.buckets} | {float("inf")}
        for samples in _histograms(comparison, metric):
            bounds, broken = _bounds(samples)
            if broken:
                yield broken
                break
            missing, added = sorted(wanted - bounds.keys()), sorted(bounds.keys() - wanted)
            if missing or added:
                place = bounds[added[0]] if added else samples[-1].name
                parts = [f"missing {_listed(missing)}"] if missing else []
                parts += [f"undeclared {_listed(added)}"] if added else []
                message = f"the buckets of `{metric.name}` differ from the spec: {'; '.join(parts)}"
                yield Deviation(place, message, "expose the spec's bounds, or correct the spec")
                break


@deviation_kind("VM810", "overspent-budget")
def overspent_budget(comparison: Comparison) -> Iterator[Deviation]:
    """Targets expose more series than the spec's `budget` allows.

    `validate` counts declared series; this check counts exposed ones, with undeclared metrics that have the
    prefix and with label values beyond their limit. Every series costs a Prometheus memory.

    Bad: 6,000 series with `budget: {series: 5000}`. Good: fewer labels, or a budget with a reason.
    """
    if comparison.spec.budget is None:
        return
    names = {
        sample.name.text for each in comparison.declared for sample in comparison.samples_of(each.metric)
    }
    names |= {name for name in comparison.samples if name.startswith(comparison.spec.service.prefix)}
    targets: dict[LabelPairs, Counter[str]] = defaultdict(Counter)
    for name in names:
        if not name.endswith(CREATED):
            for sample in comparison.samples[name]:
                targets[comparison.target(sample)][name] += 1
    largest = max(targets.values(), key=Counter.total, default=Counter[str]())
    if largest.total() > comparison.spec.budget:
        name, count = largest.most_common(1)[0]
        message = f"a target exposes {largest.total()} series, more than {comparison.spec.budget}"
        yield Deviation(("budget", "series"), message, f"`{name}` has the most: {count}")


@deviation_kind("VM811", "label-over-limit")
def label_over_limit(comparison: Comparison) -> Iterator[Deviation]:
    """Open labels have more values on a target than their limit.

    The registry module turns values beyond the limit into `other`; this target does not, and may grow without
    bound.

    Bad: a `user` of every customer. Good: labels whose values are few and known.
    """
    for declared in comparison.declared:
        limits = {label.name: label.limit for label in declared.metric.labels if label.limit is not None}
        seen: dict[tuple[str, LabelPairs], dict[str, ExpositionToken]] = defaultdict(dict)
        for sample in comparison.samples_of(declared.metric) if limits else ():
            for name, value in comparison.own_labels(declared.metric, sample):
                if name.text in limits and value.text != _OTHER:
                    seen[name.text, comparison.target(sample)].setdefault(value.text, value)
        reported: set[str] = set()
        for (label, _), values in seen.items():
            limit = limits[label]
            if len(values) > limit and label not in reported:
                reported.add(label)
                beyond = next(itertools.islice(values.values(), limit, None))
                message = f"`{label}` of `{declared.metric.name}` has {len(values)} values, more than {limit}"
                yield Deviation(
                    beyond, message, f"turn the values beyond the limit into `{_OTHER}`, or raise the limit"
                )


def _histograms(comparison: Comparison, metric: Metric) -> Iterator[list[Sample]]:
    """Yield the bucket samples of each histogram of the metric."""
    found: dict[object, list[Sample]] = defaultdict(list)
    for sample in comparison.samples.get(f"{metric.name}_bucket", ()):
        key = frozenset((name.text, value.text) for name, value in sample.labels if name.text != "le")
        found[key].append(sample)
    yield from found.values()


def _bounds(buckets: list[Sample]) -> tuple[_Bounds, Deviation | None]:
    """Return the upper bounds with their tokens, and a finding for the first bucket without a valid one."""
    bounds: _Bounds = {}
    for sample in buckets:
        bound = sample.value_of("le")
        if bound is None:
            return bounds, Deviation(
                sample.name, f"`{sample.name.text}` has no label `le`", "set `le` to the upper bound"
            )
        try:
            bounds[float(bound.text)] = bound
        except ValueError:
            return bounds, Deviation(
                bound, f"the bucket bound `{bound.text}` is not a number", "write a number or `+Inf`"
            )
    return bounds, None


def _listed(bounds: list[float]) -> str:
    words = ["`+Inf`" if math.isinf(bound) else f"`{bound:.12g}`" for bound in bounds]
    return ", ".join(words[:4]) + (f" and {len(words) - 4} more" if len(words) > 4 else "")
