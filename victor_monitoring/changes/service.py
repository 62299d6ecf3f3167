"""Changes of the service itself: its names, selects and labels, its intervals, targets and receivers."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Iterator, Mapping

from victor_monitoring.changes.change import Change, Effect, becomes, differing
from victor_monitoring.changes.loosening import loosened
from victor_monitoring.language.resolved.spec import Group, Receiver, Resolved, Service
from victor_monitoring.language.syntax.tree import Path
from victor_monitoring.promql.duration import duration_text

# Keys that outside users rely on: a dashboard's address, the names of series, the labels of alerts.
_BREAKING = frozenset(
    {
        ("defaults", "window"),
        *(("service", key) for key in ("name", "metric_prefix", "select", "scope", "alert_labels")),
    }
)


def service_changes(before: Resolved, after: Resolved) -> Iterator[Change]:
    """Yield the changes of the service's identity, its durations, its severities, outputs and receivers."""
    verdicts = {
        **{each.path: Effect.TIGHTENED for each in loosened(after, before)},
        **{each.path: Effect.LOOSENED for each in loosened(before, after)},
    }
    is_same_place = before.context == after.context
    for path, meaning in differing(_pairs(before, after)):
        verdict = verdicts.get(path, Effect.NEITHER)
        # Programs that read the rendered objects find another kind of objects.
        breaking = path in _BREAKING or (is_same_place and path == after.objects_path)
        yield Change("service", after.service.name, meaning, path, verdict, breaking=breaking)
    if is_same_place and before.targets != after.targets:
        path = ("contexts", after.context or "", "targets")
        yield Change("service", after.service.name, "the targets differ", path)
    yield from _receivers(before, after)


def _pairs(before: Resolved, after: Resolved) -> Mapping[Path, tuple[str, object, object]]:
    old, new, here = before.service, after.service, ("contexts", after.context or "")
    return {
        ("service", "name"): ("the name", old.name, new.name),
        ("service", "title"): ("the title", old.title, new.title),
        ("service", "owner"): ("the owner", old.owner, new.owner),
        ("service", "namespace"): ("the namespace", old.namespace, new.namespace),
        ("service", "metric_prefix"): ("the prefix", old.prefix, new.prefix),
        ("service", "select"): ("the select", _listed(old.select), _listed(new.select)),
        ("service", "scope"): ("the scope", _listed(old.scope), _listed(new.scope)),
        ("service", "labels"): ("the label set", _labels(old.labels), _labels(new.labels)),
        ("service", "alert_labels"): (
            "the labels of alerts", _alert_labels(old), _alert_labels(new),
        ),
        ("service", "prometheus"): ("the Prometheus", _version(old), _version(new)),
        ("kubernetes", "labels"): ("the labels of objects", _object_labels(before), _object_labels(after)),
        ("service", "runbooks"): ("the runbooks at", old.runbooks, new.runbooks),
        (*here, "time_scale"): ("the time scale", before.time_scale, after.time_scale),
        after.objects_path: ("the objects of", _objects(before), _objects(after)),
        (*here, "protected"): ("protected", _yes(before.protected), _yes(after.protected)),
        ("defaults", "window"): ("`window`", *_durations("window", before, after)),
        ("defaults", "evaluate_every"): (
            "`evaluate_every`", _interval(before.usual_group, before), _interval(after.usual_group, after),
        ),
        ("defaults", "scrape_every"): ("`scrape_every`", *_durations("scrape", before, after)),
        **_groups(before, after),
        ("severities",): ("the severities", _listed(before.severities), _listed(after.severities)),
        ("budget", "series"): ("the budget of series", before.budget, after.budget),
        ("outputs",): ("the outputs", _outputs(before), _outputs(after)),
    }  # fmt: skip


def _alert_labels(service: Service) -> str:
    named = dataclasses.asdict(service.alert_labels)
    return ", ".join(f"{fact} {name or 'none'}" for fact, name in named.items())


def _groups(before: Resolved, after: Resolved) -> Mapping[Path, tuple[str, object, object]]:
    """Return the settings of the groups that have any in either spec."""
    found: dict[Path, tuple[str, object, object]] = {}
    for name in dict.fromkeys((*before.groups, *after.groups)):
        was, now = before.group(name), after.group(name)
        old, new = _interval(was, before), _interval(now, after)
        found["groups", name, "evaluate_every"] = (f"`evaluate_every` of the group {name}:", old, new)
        found["groups", name, "limit"] = (f"`limit` of the group {name}:", was.limit, now.limit)
    return found


def _interval(group: Group, spec: Resolved) -> str:
    """Return the interval of a group as text, before time scaling."""
    return "the server's" if group.is_servers else duration_text(group.evaluate * spec.time_scale)


def _durations(name: str, before: Resolved, after: Resolved) -> tuple[str, str]:
    """Return a duration of both specs as text, before time scaling."""
    old, new = (duration_text(getattr(spec, name) * spec.time_scale) for spec in (before, after))
    return old, new


def _receivers(before: Resolved, after: Resolved) -> Iterator[Change]:
    olds = {each.name: each for each in before.routing.receivers}
    news = {each.name: each for each in after.routing.receivers}
    for name, receiver in news.items():
        if name not in olds:
            yield Change("receiver", name, f"added for {_receiver_matchers(receiver)}", receiver.path)
        elif (was := _receiver_matchers(olds[name])) != (now := _receiver_matchers(receiver)):
            yield Change("receiver", name, becomes("receives:", was, now), receiver.path)
        elif olds[name].integrations != receiver.integrations:
            yield Change("receiver", name, "the integrations differ", receiver.path)
    for name, receiver in olds.items():
        if name not in news:
            yield Change(
                "receiver", name, f"removed, received {_receiver_matchers(receiver)}", receiver.path,
                Effect.LOOSENED, is_removal=True,
            )  # fmt: skip


def _receiver_matchers(receiver: Receiver) -> str:
    return ", ".join((*receiver.severities, *(f"{k}={v}" for k, v in receiver.labels))) or "everything"


def _yes(flag: bool) -> str:
    return "true" if flag else "false"


def _version(service: Service) -> str:
    return str(service.prometheus or "")


def _objects(spec: Resolved) -> str:
    return spec.kubernetes.objects or "null"


def _object_labels(spec: Resolved) -> str:
    return _labels(spec.kubernetes.labels)


def _listed(values: Iterable[object]) -> str:
    return ", ".join(map(str, values))


def _labels(labels: tuple[tuple[str, str], ...]) -> str:
    return ", ".join(f"{name}={value}" for name, value in labels)


def _outputs(spec: Resolved) -> str:
    return ", ".join(f"{output}: {path}" for output, path in spec.outputs.items())
