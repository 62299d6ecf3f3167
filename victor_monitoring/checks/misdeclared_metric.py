"""Metric declarations that contradict themselves."""

from __future__ import annotations

from collections.abc import Iterator

from victor_monitoring.checks.check import check
from victor_monitoring.language.resolved.spec import Component, Resolved
from victor_monitoring.language.syntax.finding import Finding
from victor_monitoring.signals.metric import Metric
from victor_monitoring.signals.metric_types import METRIC_TYPES


@check("VM508", "misdeclared-metric")
def misdeclared_metric(spec: Resolved) -> Iterator[Finding]:
    """Keys of a metric contradict its type or each other, or another metric exports the same series.

    Histograms need `buckets`, each above 0 and only once; those of external components may leave them out. No
    other type has them. Only gauges have `merge`. Summaries and recorded metrics belong to external
    components: the registry module cannot create them. What a recording rule makes is a gauge.

    Bad: `{type: counter, buckets: [1s]}`. Good: `{type: histogram, unit: seconds, buckets: [1s]}`.
    """
    owners: dict[str, tuple[str, str]] = {}
    for declared in spec.declared:
        metric = declared.metric
        for message, hint in (*_faults(metric), *_unsupported(metric, spec.components[declared.component])):
            yield Finding(declared.path, f"`{metric.name}` {message}", hint, on_key=True)
        own = (metric.name, declared.component)
        is_external = spec.components[declared.component].external  # only clients take `_total` off a name
        family = metric.name if is_external else metric.name.removesuffix("_total")
        others = [owners.setdefault(name, own) for name in (family, *metric.series())]
        other, component = next((each for each in others if each != own), own)
        if (other, component) != own:
            message = (
                f"`{metric.name}` exports a name that `{other}` of the component `{component}` exports too"
            )
            yield Finding(declared.path, message, "give it another name", on_key=True)


def _faults(metric: Metric) -> Iterator[tuple[str, str]]:
    for key in ("buckets", "merge"):
        if getattr(metric, key) and key not in metric.type.KEYS:
            having = " or ".join(name for name, each in METRIC_TYPES.items() if key in each.KEYS)
            yield f"is a {metric.type} with `{key}`", f"remove the key, which only a {having} has"
    if any(bound <= 0 for bound in metric.buckets):
        yield "has a bucket bound that is not above 0", "leave it out: every histogram begins at 0"
    if len(set(metric.buckets)) != len(metric.buckets):
        yield "has a bucket bound twice", "write each bound once"
    if metric.low is not None and metric.high is not None and metric.low >= metric.high:
        yield "has a `range` whose first bound is not below the second", "write `[LOWEST, HIGHEST]`"


def _unsupported(metric: Metric, component: Component) -> Iterator[tuple[str, str]]:
    if "buckets" in metric.type.KEYS and not metric.buckets and not component.external:
        yield f"is a {metric.type} without `buckets`", "add bounds: `buckets: [100ms, 500ms, 1s]`"
    if metric.type.CLIENT is None and not component.external:
        message = f"is a {metric.type}, and the registry module cannot create one"
        yield message, "expose a histogram instead; or write `external: true` if another program exports it"
    if metric.recorded and not component.external:
        yield "is recorded, and its component exports it", "declare it in an external component"
    if metric.recorded and metric.type.NAME != "gauge":
        yield f"is a recorded {metric.type}", "declare it as a gauge: a recording rule gives current values"
