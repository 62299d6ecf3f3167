"""Alertmanager: the service's route, its receivers and its inhibition rules.

A fragment has three lists, each to be appended to the list of the same name in the host's configuration;
`routes` go below the host's `route`. Nothing in it matches an alert without the service's `service` label.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import Final

from victor_monitoring.base.artifacts import Artifact
from victor_monitoring.language.resolved.meta import SERVICE, TARGET, MetaAlert, meta_alerts
from victor_monitoring.language.resolved.outputs import artifact_path, overlay_path
from victor_monitoring.language.resolved.spec import Receiver, Resolved
from victor_monitoring.promql.duration import duration_text
from victor_monitoring.promql.grammar import label_text
from victor_monitoring.promql.tree import Matcher
from victor_monitoring.renderers.yaml_text import yaml_text

OUTPUT: Final = "alertmanager"
# Before 0.27 Alertmanager knows no other escapes, and all versions take any other character as it is.
_ESCAPES: Final = str.maketrans({"\\": "\\\\", '"': '\\"', "\n": "\\n"})
_NOBODY: Final = "nobody"  # the root receiver of a standalone configuration; it notifies nobody


@dataclass(frozen=True, slots=True)
class Inhibition:
    """An inhibition rule: alerts matching `source` mute those matching `target` with equal `equal` labels."""

    source: tuple[Matcher, ...]
    target: tuple[Matcher, ...]
    equal: tuple[str, ...]


def render(spec: Resolved) -> Iterator[Artifact]:
    """Yield the fragment of base or of a context, or a standalone configuration if the spec asks for it."""
    path = artifact_path(spec, OUTPUT) or _overlay_file(spec)
    if path is not None:
        yield Artifact(path, alertmanager_text(spec), OUTPUT, spec.context)


def _overlay_file(spec: Resolved) -> PurePosixPath | None:
    """Return the path in a context's overlay: in a folder of its own, so that `kubectl apply -f` skips it."""
    folder, path = overlay_path(spec) if spec.context else None, spec.outputs[OUTPUT]
    return folder / OUTPUT / PurePosixPath(path).name if folder else None


def alertmanager_text(spec: Resolved) -> str:
    """Return the YAML text of the fragment or standalone configuration."""
    return yaml_text(alertmanager_data(spec), generated_from=spec.service.name)


def alertmanager_data(spec: Resolved) -> dict[str, object]:
    """Return the fragment as data, or a standalone configuration if the spec asks for it."""
    receivers: list[dict[str, object]] = [
        {"name": receiver_name(spec, each), **each.integrations} for each in spec.routing.receivers
    ]
    muted: list[dict[str, object]] = [
        {
            "source_matchers": _texts(each.source),
            "target_matchers": _texts(each.target),
            "equal": list(each.equal),
        }
        for each in inhibitions(spec)
    ]
    if not spec.routing.standalone:
        return {"routes": routes(spec), "receivers": receivers, "inhibit_rules": muted}
    root = {"receiver": _NOBODY, "routes": routes(spec)}
    return {"route": root, "receivers": [{"name": _NOBODY}, *receivers], "inhibit_rules": muted}


def receiver_name(spec: Resolved, receiver: Receiver) -> str:
    """Return the receiver's name in Alertmanager, unique by the service and context in front."""
    place = f"{spec.service.name}/{spec.context}" if spec.context else spec.service.name
    return f"{place}/{receiver.name}"


def timing(spec: Resolved) -> dict[str, str]:
    """Return the times of a route."""
    routing = spec.routing
    return {
        "group_wait": duration_text(routing.group_wait),
        "group_interval": duration_text(routing.group_interval),
        "repeat_interval": duration_text(routing.repeat_interval),
    }


def routes(spec: Resolved) -> list[dict[str, object]]:
    """Return the service's subtree: each receiver gets all alerts that match its severities and labels.

    Alerts that match no receiver go to the host's receiver. Without a label of the service there is none.
    """
    matchers = own_matchers(spec)
    return [_route(spec, matchers)] if matchers else []


def _route(spec: Resolved, matchers: Iterable[Matcher]) -> dict[str, object]:
    return {
        "matchers": _texts(matchers),
        "group_by": grouping(spec),
        **timing(spec),
        "routes": [
            {
                "matchers": _texts(receiver_matchers(each)),
                "receiver": receiver_name(spec, each),
                "continue": True,
            }
            for each in spec.routing.receivers
        ],
    }


def own_matchers(spec: Resolved) -> list[Matcher]:
    """Return the matchers that select the alerts of this spec and context; none without a label for it."""
    label = spec.service.alert_labels.service
    if label is None:
        return []
    labels = ((label, spec.service.name), *spec.routing.labels)
    return [Matcher(name, "=", value) for name, value in labels]


def receiver_matchers(receiver: Receiver) -> Iterator[Matcher]:
    """Yield the further matchers by which a receiver selects alerts of the context."""
    if receiver.severities:
        yield Matcher("severity", "=~", "|".join(receiver.severities))
    yield from (Matcher(label, "=", value) for label, value in receiver.labels)


def grouping(spec: Resolved) -> list[str]:
    """Return the labels that group alerts: one notification for each combination of their values."""
    return ["alertname", *_deployment(spec)]


def inhibitions(spec: Resolved) -> Iterator[Inhibition]:
    """Yield the inhibition rules: each severity mutes the lower severities of its signal, unless it is open.

    TargetDown mutes the other alerts of its instance, ServiceAbsent all other alerts of the service. Without
    labels of the service and of the signal there are none.
    """
    service, signal = spec.service.alert_labels.service, spec.service.alert_labels.signal
    if service is None or signal is None:
        return
    own = (Matcher(service, "=", spec.service.name), Matcher(signal, "!=", ""))
    labels = _deployment(spec)
    by = (label for signal in spec.signals.values() for label in signal.by)
    same = list(dict.fromkeys((signal, *labels, *by)))
    # Values of an open signal differ by labels that nobody knows, and that no rule can compare.
    names = [each.name for each in spec.signals.values() if each.is_open]
    closed = [Matcher(signal, "!~", "|".join(names))] if names else []
    for rank, severity in reversed(list(enumerate(spec.severities))[1:]):
        lower = Matcher("severity", "=~", "|".join(spec.severities[:rank]))
        yield _inhibition(own, [*closed, Matcher("severity", "=", severity)], [*closed, lower], same)
    if spec.meta is None:
        return
    carries_instance = [Matcher("instance", "!=", ""), Matcher(signal, "!~", f"{TARGET}|{SERVICE}")]
    same_target = list(dict.fromkeys((*labels, "instance")))
    yield _inhibition(own, [Matcher(signal, "=", TARGET)], carries_instance, same_target)
    absent, others = Matcher(signal, "=", SERVICE), Matcher(signal, "!=", SERVICE)
    equal = [*_selected(spec), *spec.routing.context_label_names]
    yield _inhibition(own, [absent], [others], equal)
    # An absent service has no value of a label with a pattern, and its alerts have any that matches.
    for each in meta_alerts(spec):
        if each.watches == SERVICE and (patterns := each.select.patterns):
            missing = [Matcher(pattern.label, "=", "") for pattern in patterns]
            open_labels = {pattern.label for pattern in patterns}
            fixed = [label for label in equal if label not in open_labels]
            yield _inhibition(own, [absent, *missing, *_component(spec, each)], [others, *patterns], fixed)


def _component(spec: Resolved, alert: MetaAlert) -> Iterator[Matcher]:
    """Yield the matcher of the alert's component, by which two that select by patterns differ."""
    label = spec.service.alert_labels.component
    if label is not None:
        yield Matcher(label, "=", alert.labels[label])


def _inhibition(
    own: tuple[Matcher, ...], source: Iterable[Matcher], target: Iterable[Matcher], equal: list[str]
) -> Inhibition:
    return Inhibition((*own, *source), (*own, *target), tuple(dict.fromkeys(equal)))


def _selected(spec: Resolved) -> tuple[str, ...]:
    """Return the labels of every select."""
    selects = (spec.service.select, *(component.select for component in spec.components.values()))
    return tuple(dict.fromkeys(label for select in selects for label in select.labels))


def _deployment(spec: Resolved) -> tuple[str, ...]:
    """Return the labels that distinguish deployments: of every select, of scope and of contexts."""
    return tuple(dict.fromkeys((*_selected(spec), *spec.service.scope, *spec.routing.context_label_names)))


def _texts(matchers: Iterable[Matcher]) -> list[str]:
    return [matcher_text(each.label, each.op, each.value) for each in matchers]


def matcher_text(label: str, operator: str, value: str) -> str:
    """Return a matcher as every version of Alertmanager, amtool and the operator reads it."""
    return f'{label_text(label)}{operator}"{value.translate(_ESCAPES)}"'
