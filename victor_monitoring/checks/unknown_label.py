"""Labels that a metric does not have."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from victor_monitoring.base.diagnostics import unknown_name_hint
from victor_monitoring.checks.check import check
from victor_monitoring.language.resolved.metrics import target_labels
from victor_monitoring.language.resolved.spec import Resolved
from victor_monitoring.language.syntax.finding import Finding
from victor_monitoring.signals.kinds.expr import RawExpression
from victor_monitoring.signals.metric import Metric
from victor_monitoring.signals.signal import Signal


@check("VM102", "unknown-label")
def unknown_label(spec: Resolved) -> Iterator[Finding]:
    """`by` or a selector names a label that the metric does not have.

    A matcher on a missing label matches no series, and a `by` on one merges values that should be separate.
    `by` also takes `instance`; the labels of `select` and `scope` are always preserved. Raw PromQL may match
    any label that the platform sets.

    Bad: `of: shop_cache_entries{tool="x"}`. Good: a label under the metric's `labels`.
    """
    for read in spec.reads:
        known = read.selector.metric.label_names
        if read.path[2] == RawExpression.NAME:
            series = read.selector.metric.facts()[read.written.metric.text]
            known = (*series.labels, *target_labels(spec))
        for matcher in read.written.matchers:
            if matcher.label.text not in known:
                message = f"`{read.selector.metric.name}` has no label `{matcher.label.text}`"
                hint = unknown_name_hint(matcher.label.text, known, "declare it under the metric's `labels`")
                yield Finding(read.path, message, hint, matcher.label.part)
    for signal in spec.signals.values():
        metrics = [reading.selector.metric for reading in signal.kind.readings()]
        if isinstance(signal.kind, RawExpression):
            yield from _lost(signal, metrics)
            continue
        for index, label in enumerate(signal.by):
            without = [metric.name for metric in metrics if label not in (*metric.label_names, "instance")]
            if without:
                known = tuple({*(name for metric in metrics for name in metric.label_names), "instance"})
                path = ("signals", signal.name, "by", index)
                yield Finding(path, f"`{without[0]}` has no label `{label}`", unknown_name_hint(label, known))


def _lost(signal: Signal, metrics: Sequence[Metric]) -> Iterator[Finding]:
    """Yield the labels of `by` that the values of raw PromQL cannot have."""
    passed = signal.inference.labels
    known = set(passed.possible)
    if passed.open:
        known |= {"instance", *(name for metric in metrics for name in metric.label_names)}
    for index, label in enumerate(signal.by):
        if label not in known:
            message = f"the expression's values have no label `{label}`"
            yield Finding(("signals", signal.name, "by", index), message, unknown_name_hint(label, known))
