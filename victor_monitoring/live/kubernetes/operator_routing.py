"""Where an Alertmanager of the operator sends the alerts of a spec, by its generated configuration."""

from __future__ import annotations

import base64
import gzip
import json
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import yaml

from victor_monitoring.base.diagnostics import UserError
from victor_monitoring.language.resolved.meta import meta_alerts
from victor_monitoring.language.resolved.spec import Resolved
from victor_monitoring.live.apply.patterns import FOREIGN_NAMESPACE, LIVE_DIFFERENCE, UNROUTED
from victor_monitoring.live.kubernetes.cluster import Cluster, ClusterProblem
from victor_monitoring.live.kubernetes.manifests import Manifest, namespace_of
from victor_monitoring.live.kubernetes.selection import OperatorSelector
from victor_monitoring.live.prometheus.rules import document_of

if TYPE_CHECKING:
    from victor_monitoring.live.apply.environment import ApplyEnvironment

_NAMESPACE = "namespace"


def strategy_problems(
    spec: Resolved, cluster: Cluster, alertmanager: OperatorSelector, apply: str
) -> Iterator[ClusterProblem]:
    """Alerts that do not reach the spec's receivers since they carry no namespace, or another."""
    namespace = cluster.namespace
    if not _is_bound(alertmanager, namespace):
        return
    every = alert_labels(spec)
    astray = list(dict.fromkeys(name for name, labels in every if labels.get(_NAMESPACE) != namespace))
    if not astray:
        return
    others = f" and {len(astray) - 1} more" if len(astray) > 1 else ""
    message = (
        f'`{alertmanager}` routes alerts with `namespace="{namespace}"` alone, and not `{astray[0]}`{others}'
    )
    command = cluster.patch(alertmanager, alertmanagerConfigMatcherStrategy={"type": "None"})
    hint = f"run `{command}`"
    if not _has_namespace_label(spec):
        label = f"`labels: {{namespace: {namespace}}}` in the context `{spec.context}`"
        hint += f"; or write {label}, then run `victor-mon generate` and {apply}"
    yield ClusterProblem(FOREIGN_NAMESPACE, message, hint)


def alert_labels(spec: Resolved) -> Iterator[tuple[str, Mapping[str, str]]]:
    """The labels that every instance of each alert carries, meta alerts included."""
    for alert in spec.alerts:
        selected = {matcher.label: matcher.value for matcher in alert.signal.select}
        yield alert.name, {**selected, **dict(alert.labels)}
    for meta in meta_alerts(spec):
        selected = {matcher.label: matcher.value for matcher in meta.select}
        yield meta.name, {**selected, **meta.labels}


def routing_problems(
    spec: Resolved,
    cluster: Cluster,
    alertmanager: OperatorSelector,
    configs: Sequence[Manifest],
    environment: ApplyEnvironment,
) -> Iterator[ClusterProblem]:
    """Yield the spec's receivers and inhibitions that the configuration of the operator does not have.

    `configs` are the AlertmanagerConfigs that the Alertmanager selects, as rendered. Nothing is said of a
    configuration that is not there or may not be read. Raise UserError where it is no configuration.
    """
    generated = cluster.generated(alertmanager)
    if generated is None:
        return
    document = _unpacked(generated, alertmanager)
    # Without the receivers' own settings: secrets of everybody in the cluster are among them.
    names = [{"name": each["name"]} for each in document["receivers"]]
    with tempfile.TemporaryDirectory(prefix="victor-mon-") as folder:
        path = Path(folder) / "alertmanager.yaml"
        path.write_text(yaml.safe_dump({"route": document["route"], "receivers": names}), encoding="utf-8")
        for receiver, name in _unreached(spec, cluster, configs, environment, path).items():
            message = f"`{name}` does not reach the receiver `{receiver}` of `{alertmanager}`"
            yield ClusterProblem(
                UNROUTED, message, "look at the log of the operator, and at its other findings"
            )
    yield from _uninhibited(alertmanager, configs, document.get("inhibit_rules") or ())


def _unpacked(generated: str, alertmanager: OperatorSelector) -> dict[str, Any]:
    try:
        document = document_of(gzip.decompress(base64.b64decode(generated)).decode())
        return {"route": document["route"], "receivers": document["receivers"], **document}
    except (LookupError, OSError, TypeError, ValueError, EOFError):
        message = f"the configuration that the operator has generated for `{alertmanager}` cannot be read"
        raise UserError(message, "is this an Alertmanager of the Prometheus operator?") from None


def _unreached(
    spec: Resolved, cluster: Cluster, configs: Sequence[Manifest], environment: ApplyEnvironment, path: Path
) -> Mapping[str, str]:
    """By amtool's word the receivers that an alert of theirs does not reach, each with the first such one."""
    command = [environment.program("amtool"), "config", "routes", "test", f"--config.file={path}"]
    missed: dict[str, str] = {}
    for name, labels in alert_labels(spec):
        given = (f"{label}={value}" for label, value in labels.items())
        reached = set(environment.run([*command, f"alertname={name}", *given]).out.strip().split(","))
        for config in configs:
            receiver = _receiver(config, cluster.namespace)
            if receiver and receiver not in reached and _wants(config, labels):
                missed.setdefault(receiver, name)
    return missed


def _uninhibited(
    alertmanager: OperatorSelector, configs: Sequence[Manifest], rules: Sequence[Mapping[str, Any]]
) -> Iterator[ClusterProblem]:
    there = [
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
            if not any(source <= a and target <= b and equal == c for a, b, c in there):
                message = f"`{alertmanager}` has no inhibition by {', '.join(sorted(source))}"
                yield ClusterProblem(LIVE_DIFFERENCE, message, "look at the log of the operator")


def _is_bound(alertmanager: OperatorSelector, namespace: str) -> bool:
    """Whether routes of that namespace see its own alerts alone."""
    own = namespace_of(alertmanager.manifest) == namespace
    strategy = alertmanager.strategy
    return strategy != "None" and not (strategy == "OnNamespaceExceptForAlertmanagerNamespace" and own)


def _has_namespace_label(spec: Resolved) -> bool:
    """Whether values differ by a label `namespace`, or are selected by it, so that no alert may set it."""
    signals = (label for signal in spec.signals.values() for label in signal.labels)
    return _NAMESPACE in (*signals, *spec.service.scope)


def _receiver(config: Manifest, namespace: str) -> str:
    """The receiver's name in the generated configuration; empty for an object without one."""
    route = config["spec"].get("route")
    return f"{namespace}/{config['metadata']['name']}/{route['receiver']}" if route else ""


def _wants(config: Manifest, labels: Mapping[str, str]) -> bool:
    """Whether the object's route is for an alert with these labels, without what the operator adds."""
    for each in config["spec"]["route"]["matchers"]:
        value = labels.get(each["name"], "")
        is_met = value in each["value"].split("|") if each["matchType"] == "=~" else value == each["value"]
        if not is_met:
            return False
    return True


def _matcher(each: Mapping[str, str]) -> str:
    """A matcher as the operator writes it into the configuration."""
    return f"{each['name']}{each['matchType']}{json.dumps(each['value'], ensure_ascii=False)}"
