"""Metric declarations that contradict themselves."""

from __future__ import annotations

from collections.abc import Iterator

from victor_monitoring.checks.check import check
from victor_monitoring.language.resolved.spec import Resolved
from victor_monitoring.language.syntax.finding import Finding
from victor_monitoring.signals.metric import Metric


@check("VM508", "misdeclared-metric")
def misdeclared_metric(spec: Resolved) -> Iterator[Finding]:
    """Keys of a metric contradict its type or each other, or another metric exports the same series.

    Histograms need `buckets`, each above 0 and only once; no other type has them. Only gauges have `merge`.

    Bad: `{type: counter, buckets: [1s]}`. Good: `{type: histogram, unit: seconds, buckets: [1s]}`.
    """
    owners: dict[str, tuple[str, str]] = {}
    for declared in spec.declared:
        metric = declared.metric
        for message, hint in _faults(metric):
            yield Finding(declared.path, f"`{metric.name}` {message}", hint, on_key=True)
        own = (metric.name, declared.component)
        others = [
            owners.setdefault(name, own) for name in (metric.name.removesuffix("_total"), *metric.series())
        ]
        other, component = next((each for each in others if each != own), own)
        if (other, component) != own:
            message = (
                f"`{metric.name}` exports a name that `{other}` of the component `{component}` exports too"
            )
            yield Finding(declared.path, message, "give it another name", on_key=True)


def _faults(metric: Metric) -> Iterator[tuple[str, str]]:
    if metric.type == "histogram" and not metric.buckets:
        yield "is a histogram without `buckets`", "add bounds: `buckets: [100ms, 500ms, 1s]`"
    if metric.type != "histogram" and metric.buckets:
        yield f"is a {metric.type} with `buckets`", "remove them, or make it a histogram"
    if any(bound <= 0 for bound in metric.buckets):
        yield "has a bucket bound that is not above 0", "leave it out: every histogram begins at 0"
    if len(set(metric.buckets)) != len(metric.buckets):
        yield "has a bucket bound twice", "write each bound once"
    if metric.type != "gauge" and metric.merge is not None:
        yield f"is a {metric.type} with `merge`", "remove it: values of several processes are always added up"
    if metric.low is not None and metric.high is not None and metric.low >= metric.high:
        yield "has a `range` that ends before it begins", "write the lower bound first"
