"""The routing of a spec's alerts by the configuration that the operator generates for an Alertmanager."""

from __future__ import annotations

import base64
import functools
import gzip
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import yaml

from victor_monitoring.base.diagnostics import UserError
from victor_monitoring.language.resolved.meta import meta_alerts
from victor_monitoring.language.resolved.spec import Resolved
from victor_monitoring.live.apply.amtool import Amtool
from victor_monitoring.live.apply.patterns import FOREIGN_NAMESPACE, LIVE_DIFFERENCE, UNROUTED
from victor_monitoring.live.kubernetes.cluster import Cluster, ClusterProblem
from victor_monitoring.live.kubernetes.manifests import Manifest, namespace_of
from victor_monitoring.live.kubernetes.selection import SelectingObject
from victor_monitoring.live.prometheus.rules import document_of
from victor_monitoring.renderers.alertmanager import matcher_text

if TYPE_CHECKING:
    from victor_monitoring.live.apply.environment import ApplyEnvironment

_NAMESPACE: Final = "namespace"
_ROUTING: Final = ("route", "time_intervals", "mute_time_intervals")  # `mute_` before Alertmanager 0.24


def strategy_problems(
    spec: Resolved, cluster: Cluster, alertmanager: SelectingObject, apply: str
) -> Iterator[ClusterProblem]:
    """Yield alerts that miss the spec's receivers because their label `namespace` is missing or differs."""
    namespace = cluster.namespace
    if not _is_bound(alertmanager, namespace):
        return
    every = alert_labels(spec)
    astray = list(dict.fromkeys(name for name, labels in every if labels.get(_NAMESPACE) != namespace))
    if not astray:
        return
    others = f" and {len(astray) - 1} more" if len(astray) > 1 else ""
    message = f'`{alertmanager}` routes only alerts with `namespace="{namespace}"`, not `{astray[0]}`{others}'
    command = cluster.patch(alertmanager, alertmanagerConfigMatcherStrategy={"type": "None"})
    hint = f"run `{command}`"
    if not _has_namespace_label(spec):
        label = f"`labels: {{namespace: {namespace}}}` in the context `{spec.context}`"
        hint += f"; or write {label}, then run `victor-mon generate` and {apply}"
    yield ClusterProblem(FOREIGN_NAMESPACE, message, hint)


def alert_labels(spec: Resolved) -> Iterator[tuple[str, Mapping[str, str]]]:
    """Yield each alert's name with the labels that all its instances carry, meta alerts included."""
    for alert in spec.alerts:
        yield alert.name, {**alert.signal.select.fixed, **dict(alert.labels)}
    for meta in meta_alerts(spec):
        yield meta.name, {**meta.select.fixed, **meta.labels}


def routing_problems(
    spec: Resolved,
    cluster: Cluster,
    alertmanager: SelectingObject,
    configs: Sequence[Manifest],
    environment: ApplyEnvironment,
) -> Iterator[ClusterProblem]:
    """Yield the spec's receivers and inhibitions that the generated configuration does not have.

    `configs` are the AlertmanagerConfigs that the Alertmanager selects, as rendered. A configuration that is
    missing or unreadable yields nothing. Raise UserError if it is malformed.
    """
    generated = cluster.generated(alertmanager)
    if generated is None:
        return
    document = _unpacked(generated, alertmanager)
    # Without the receivers' settings: they contain secrets of every user of the cluster.
    used: dict[str, Any] = {key: document[key] for key in _ROUTING if key in document}
    used["receivers"] = [{"name": each["name"]} for each in document["receivers"]]
    shown = f"the configuration generated for `{alertmanager}`"
    with tempfile.TemporaryDirectory(prefix="victor-mon-") as folder:
        path = Path(folder) / "alertmanager.yaml"
        path.write_text(yaml.safe_dump(used), encoding="utf-8")
        routed = functools.partial(Amtool(environment).receivers, path, name=shown)
        for receiver, name in _unreached(spec, cluster, configs, routed).items():
            message = f"`{name}` does not reach the receiver `{receiver}` of `{alertmanager}`"
            yield ClusterProblem(UNROUTED, message, "look in the operator's log, and at the other findings")
    yield from _uninhibited(alertmanager, configs, document.get("inhibit_rules") or ())


def _unpacked(generated: str, alertmanager: SelectingObject) -> dict[str, Any]:
    try:
        document = document_of(gzip.decompress(base64.b64decode(generated)).decode())
        return {"route": document["route"], "receivers": document["receivers"], **document}
    except (LookupError, OSError, TypeError, ValueError, EOFError):
        message = f"the configuration that the operator has generated for `{alertmanager}` cannot be read"
        raise UserError(message, "is this an Alertmanager of the Prometheus operator?") from None


def _unreached(
    spec: Resolved,
    cluster: Cluster,
    configs: Sequence[Manifest],
    routed: Callable[[Mapping[str, str]], frozenset[str]],
) -> Mapping[str, str]:
    """Return the receivers that some alert does not reach, each with the first such alert."""
    missed: dict[str, str] = {}
    for name, labels in alert_labels(spec):
        reached = routed({"alertname": name, **labels})
        for config in configs:
            receiver = _receiver(config, cluster.namespace)
            if receiver and receiver not in reached and _matches(config, labels):
                missed.setdefault(receiver, name)
    return missed


def _uninhibited(
    alertmanager: SelectingObject, configs: Sequence[Manifest], rules: Sequence[Mapping[str, Any]]
) -> Iterator[ClusterProblem]:
    live = [
        (
            set(each.get("source_matchers") or ()),
            set(each.get("target_matchers") or ()),
            set(each.get("equal") or ()),
        )
        for each in rules
    ]
    for config in configs:
        for each in config["spec"].get("inhibitRules") or ():
            source, target = (set(map(_matcher, each[key])) for key in ("sourceMatch", "targetMatch"))
            equal = set(each["equal"])
            if not any(source <= a and target <= b and equal == c for a, b, c in live):
                message = f"`{alertmanager}` has no inhibition by {', '.join(sorted(source))}"
                yield ClusterProblem(LIVE_DIFFERENCE, message, "look in the operator's log")


def _is_bound(alertmanager: SelectingObject, namespace: str) -> bool:
    """Return whether routes of a namespace receive only alerts of that namespace."""
    own = namespace_of(alertmanager.manifest) == namespace
    strategy = alertmanager.strategy
    return strategy != "None" and not (strategy == "OnNamespaceExceptForAlertmanagerNamespace" and own)


def _has_namespace_label(spec: Resolved) -> bool:
    """Return whether signals or the scope have a label `namespace`, so that no alert may set it."""
    signals = (label for signal in spec.signals.values() for label in signal.labels)
    return _NAMESPACE in (*signals, *spec.service.scope)


def _receiver(config: Manifest, namespace: str) -> str:
    """Return the receiver's name in the generated configuration; empty for an object without a route."""
    route = config["spec"].get("route")
    return f"{namespace}/{config['metadata']['name']}/{route['receiver']}" if route else ""


def _matches(config: Manifest, labels: Mapping[str, str]) -> bool:
    """Return whether the object's route matches these labels, ignoring the operator's own matchers."""
    for each in config["spec"]["route"]["matchers"]:
        value = labels.get(each["name"], "")
        is_match = value in each["value"].split("|") if each["matchType"] == "=~" else value == each["value"]
        if not is_match:
            return False
    return True


def _matcher(each: Mapping[str, str]) -> str:
    """Return a matcher as the operator writes it into the configuration."""
    return matcher_text(each["name"], each["matchType"], each["value"])
