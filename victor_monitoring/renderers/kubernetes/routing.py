"""The routes and inhibition rules as AlertmanagerConfigs of the Prometheus operator.

The operator requires a receiver in an object's first route and continues after it, so each receiver is an
object of its own. Alerts that match no receiver go to Alertmanager's own receiver, as with the fragment.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from victor_monitoring.language.resolved.operator import operator_configs
from victor_monitoring.language.resolved.spec import Receiver, Resolved
from victor_monitoring.promql.duration import duration_text
from victor_monitoring.promql.tree import Matcher
from victor_monitoring.renderers.alertmanager import grouping, inhibitions, own_matchers, receiver_matchers
from victor_monitoring.renderers.kubernetes.manifest import manifest


def alertmanager_configs(spec: Resolved) -> Mapping[str, Mapping[str, object]]:
    """Return the AlertmanagerConfigs by name suffix: the inhibition rules, then one for each receiver.

    A receiver that the operator cannot express is left out; the check `unsupported-receiver` reports it.
    """
    muted = [
        {
            "sourceMatch": _matchers(each.source),
            "targetMatch": _matchers(each.target),
            "equal": list(each.equal),
        }
        for each in inhibitions(spec)
    ]
    bodies: dict[str, Mapping[str, object]] = {"inhibitions": {"inhibitRules": muted}} if muted else {}
    for receiver in spec.routing.receivers if own_matchers(spec) else ():
        configs, unsupported = operator_configs(receiver)
        if not unsupported:
            bodies[_free(receiver.name, bodies)] = _routed(spec, receiver, configs)
    return {name: _object(spec, name, body) for name, body in bodies.items()}


def _routed(spec: Resolved, receiver: Receiver, configs: Mapping[str, object]) -> Mapping[str, object]:
    routing = spec.routing
    return {
        "route": {
            "receiver": receiver.name,
            "matchers": _matchers([*own_matchers(spec), *receiver_matchers(receiver)]),
            "groupBy": grouping(spec),
            "groupWait": duration_text(routing.group_wait),
            "groupInterval": duration_text(routing.group_interval),
            "repeatInterval": duration_text(routing.repeat_interval),
            "continue": True,
        },
        "receivers": [{"name": receiver.name, **configs}],
    }


def _object(spec: Resolved, name: str, body: Mapping[str, object]) -> Mapping[str, object]:
    version = "monitoring.coreos.com/v1alpha1"
    return manifest(spec, name, {"spec": body}, kind="AlertmanagerConfig", version=version)


def _matchers(matchers: Iterable[Matcher]) -> list[Mapping[str, str]]:
    return [{"name": each.label, "matchType": each.op, "value": each.value} for each in matchers]


def _free(receiver: str, taken: Iterable[str]) -> str:
    """Return a free name suffix for a receiver's object: no capitals, no underscores."""
    plain = f"receiver-{receiver.lower().replace('_', '-')}".rstrip("-")
    return next(name for name in _numbered(plain) if name not in taken)


def _numbered(name: str) -> Iterator[str]:
    yield name
    number = 2
    while True:
        yield f"{name}-{number}"
        number += 1
