"""The overview page: the alerts first, then each signal and metric by name."""

from __future__ import annotations

from collections.abc import Iterator

from victor_monitoring.language.resolved.spec import Component, Declared, Resolved
from victor_monitoring.promql.printer import number_text, text
from victor_monitoring.renderers.docs.markdown import (
    code,
    condition,
    generated_comment,
    lasting,
    prose,
    table,
)
from victor_monitoring.signals.metric import Label
from victor_monitoring.signals.signal import Signal


def overview(spec: Resolved) -> Iterator[str]:
    """Yield the lines of the page."""
    service = spec.service
    yield from (generated_comment(spec), "", f"# {prose(service.title)}", "")
    selected = ", ".join(code(str(matcher)) for matcher in service.select)
    owned = f"Owned by {prose(service.owner)}. " if service.owner else ""
    yield f"{owned}Its targets are those with {selected}." if selected else f"{owned}It selects no targets."
    if service.scope:
        scope = ", ".join(map(code, service.scope))
        yield f"Each deployment, identified by {scope}, is watched separately."
    yield ""
    yield from _alerts(spec)
    yield from _signals(spec)
    for component in spec.components.values():
        yield from _component(component)
    yield from _replaced(spec)


def _alerts(spec: Resolved) -> Iterator[str]:
    """Yield a paragraph for each alert: git merges changes of neighbours, which it does not in a table."""
    if spec.alerts:
        yield from ("## Alerts", "")
    for alert in spec.alerts:
        name = f"**[{alert.id}]({alert.id}.md)** ({alert.severity or 'no severity'}, {alert.component})"
        title = f"[{prose(alert.signal.title)}](README.md#{alert.signal.name})"
        yield from (f"- {name}: {title} {condition(alert)} for {lasting(alert)}", "")


def _signals(spec: Resolved) -> Iterator[str]:
    if spec.signals:
        yield from ("## Signals", "")
    for signal in spec.signals.values():
        yield from _signal(signal)


def _signal(signal: Signal) -> Iterator[str]:
    words = signal.kind.words(signal)
    yield from (f"### {signal.name}", "")
    yield f"{prose(signal.title)}: {prose(words)}. Unit: {signal.unit}."
    if signal.by:
        yield f"One value for each {', '.join(map(code, signal.by))}."
    yield from ("", "```promql", text(signal.definition()), "```", "")
    if signal.recorded:
        yield from (f"Recorded as {code(signal.record)}.", "")


def _component(component: Component) -> Iterator[str]:
    yield from (f"## Metrics of {component.name}", "")
    selected = ", ".join(code(str(matcher)) for matcher in component.select)
    shown = (
        "Exported by another program" if component.external else f"REST section {code(component.endpoint)}"
    )
    yield from (f"{shown}; targets with {selected}." if selected else f"{shown}; any target.", "")
    rows = (
        (code(each.metric.name), str(each.metric.type), str(each.metric.unit), *_metric_cells(each))
        for each in component.metrics
    )
    yield from table(("metric", "type", "unit", "labels", "meaning"), rows)


def _metric_cells(declared: Declared) -> tuple[str, str]:
    metric = declared.metric
    labels = "; ".join(map(_label, metric.labels))
    buckets = ", ".join(number_text(bound) for bound in metric.buckets)
    more = f"Buckets: {buckets}." if buckets else ""
    return labels, " ".join(filter(None, (prose(metric.help), more)))


def _label(label: Label) -> str:
    if label.values is not None:
        return f"{code(label.name)}: {', '.join(map(code, label.values))}"
    return f"{code(label.name)}: open, at most {label.limit}" if label.limit else f"{code(label.name)}: open"


def _replaced(spec: Resolved) -> Iterator[str]:
    """Yield a table of the metrics' former names."""
    rows = [(code(old), code(each.metric.name)) for each in spec.declared for old in each.replaces]
    if rows:
        yield from ("## Former names", "")
        yield from table(("before", "now"), rows)
