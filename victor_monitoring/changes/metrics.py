"""Changes of components and their metrics, which exporters, code and queries must follow."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from victor_monitoring.changes.change import Change, becomes
from victor_monitoring.changes.uses import rest_field, users_of_label, users_of_metric, users_of_value
from victor_monitoring.language.resolved.spec import Component, Declared, Resolved
from victor_monitoring.promql.printer import number_text
from victor_monitoring.signals.metric import Label


def component_changes(before: Resolved, after: Resolved) -> Iterator[Change]:
    """Yield the components that were added, removed or changed."""
    for name, component in after.components.items():
        old = before.components.get(name)
        if old is None:
            yield Change("component", name, "added", component.path)
            continue
        pairs = {
            "class": ("the class", old.class_name, component.class_name),
            "endpoint": ("the endpoint", old.endpoint, component.endpoint),
            "external": ("external", old.external, component.external),
            "select": ("the select", _own_select(old), _own_select(component)),
        }
        for key, (subject, was, now) in pairs.items():
            if was != now:
                path = (*component.path, key)
                yield Change("component", name, becomes(subject, was, now), path, breaking=True)
    for name, component in before.components.items():
        if name not in after.components:
            yield Change("component", name, "removed", component.path, breaking=True, is_removal=True)


def metric_changes(before: Resolved, after: Resolved) -> Iterator[Change]:
    """Yield the metrics that were added, removed or changed."""
    olds = {declared.metric.name: declared for declared in before.declared}
    news = {declared.metric.name: declared for declared in after.declared}
    for name, declared in news.items():
        if name in olds:
            yield from _changed(before, olds[name], declared)
        else:
            yield Change("metric", name, "added", declared.path)
    for name, declared in olds.items():
        if name not in news:
            breaks = users_of_metric(before, declared)
            yield Change(
                "metric", name, "removed", declared.path, breaking=True, breaks=breaks, is_removal=True
            )


def _changed(before: Resolved, old: Declared, new: Declared) -> Iterator[Change]:
    name = new.metric.name
    for key in ("type", "unit"):
        was, now = getattr(old.metric, key), getattr(new.metric, key)
        if was != now:
            breaks = users_of_metric(before, old)
            meaning = becomes(f"the {key}", was, now)
            yield Change("metric", name, meaning, (*new.path, key), breaking=True, breaks=breaks)
    if old.component != new.component:
        meaning = becomes("the component", old.component, new.component)
        yield Change("metric", name, meaning, new.path, breaking=True, breaks=rest_field(before, old))
    yield from _labels(before, old, new)
    gone = [bound for bound in old.metric.buckets if bound not in new.metric.buckets]
    come = [bound for bound in new.metric.buckets if bound not in old.metric.buckets]
    path = (*new.path, "buckets")
    if gone:
        breaks, bounds = users_of_metric(before, old), ", ".join(map(number_text, gone))
        yield Change("metric", name, f"bucket bounds {bounds} removed", path, breaking=True, breaks=breaks)
    if come:
        yield Change("metric", name, f"bucket bounds {', '.join(map(number_text, come))} added", path)
    pairs = {
        "merge": ("`merge`", old.metric.merge, new.metric.merge),
        "range": ("the range", _range(old), _range(new)),
        "may_be_absent": ("`may_be_absent`", old.may_be_absent, new.may_be_absent),
        "rest": ("`rest`", old.rest, new.rest),
        "help": ("the help", old.metric.help, new.metric.help),
    }
    for key, (subject, was, now) in pairs.items():
        if was != now:
            yield Change("metric", name, becomes(subject, was, now), (*new.path, key))


def _labels(before: Resolved, old: Declared, new: Declared) -> Iterator[Change]:
    olds, news = _by_name(old), _by_name(new)
    for name in news:
        if name not in olds:  # every series gets a new label set, and code must pass a value for the label
            path = (*new.path, "labels", name)
            field = rest_field(before, old)
            yield Change(
                "metric", new.metric.name, f"label `{name}` added", path, breaking=True, breaks=field
            )
    for name in olds:
        if name not in news:
            breaks, path = users_of_label(before, old, name), (*old.path, "labels", name)
            yield Change(
                "metric", new.metric.name, f"label `{name}` removed", path,
                breaking=True, breaks=breaks, is_removal=True,
            )  # fmt: skip
    for name in olds.keys() & news.keys():
        yield from _values(before, old, new, olds[name], news[name])


def _values(before: Resolved, old: Declared, new: Declared, was: Label, now: Label) -> Iterator[Change]:
    path, metric = (*new.path, "labels", now.name), new.metric.name
    if (was.values is None) != (now.values is None):
        kind = "open" if now.values is None else "closed"
        yield Change(
            "metric", metric, f"label `{now.name}` is {kind} now", path, breaking=now.values is not None
        )
    elif was.values is None or now.values is None:
        if was.limit != now.limit:
            yield Change("metric", metric, becomes(f"the limit of `{now.name}`", was.limit, now.limit), path)
    else:
        for value in now.values:
            if value not in was.values:
                yield Change("metric", metric, f"value `{value}` of label `{now.name}` added", path)
        for value in was.values:
            if value not in now.values:
                meaning = f"value `{value}` of label `{now.name}` removed"
                breaks = users_of_value(before, old, now.name, value)
                yield Change("metric", metric, meaning, path, breaking=True, breaks=breaks)


def _by_name(declared: Declared) -> Mapping[str, Label]:
    return {label.name: label for label in declared.metric.labels}


def _range(declared: Declared) -> str:
    low, high = declared.metric.low, declared.metric.high
    return "" if low is None or high is None else f"{number_text(low)} to {number_text(high)}"


def _own_select(component: Component) -> str:
    """Return the component's own select; empty if it uses the select of the service."""
    return ", ".join(map(str, component.select)) if "select" in component.written else ""
