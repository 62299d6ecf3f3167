"""Problems of selection and routing by the Prometheus operator, as far as the user may read its objects."""

from __future__ import annotations

import shlex
from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING

from victor_monitoring.live.apply.patterns import REFUSED, SELECTED_TWICE, UNSELECTED
from victor_monitoring.live.apply.target import Delivery
from victor_monitoring.live.kubernetes.cluster import Cluster, ClusterProblem
from victor_monitoring.live.kubernetes.manifests import Manifest, namespace_of
from victor_monitoring.live.kubernetes.operator_routing import routing_problems, strategy_problems
from victor_monitoring.live.kubernetes.references import missing_references, sidecar_problems
from victor_monitoring.live.kubernetes.selection import (
    UNSELECTED_EFFECT,
    SelectingObject,
    selecting_resources,
    unmet,
)


def selectors_of(cluster: Cluster, manifest: Manifest) -> tuple[list[SelectingObject], bool]:
    """Return the operator's objects that select an object, and whether the list is certainly complete."""
    labels = manifest["metadata"]["labels"]
    found, is_certain = [], True
    for each in cluster.selecting(manifest["kind"]):
        if not each.selects_labels(labels):
            continue
        is_seen = each.selects_namespace(cluster.namespace, _labels_for(cluster, each))
        if is_seen:
            found.append(each)
        is_certain = is_certain and is_seen is not None
    return found, is_certain and cluster.knows_all(manifest["kind"])


def selection_problems(
    cluster: Cluster, manifests: Sequence[Manifest], apply: str
) -> Iterator[ClusterProblem]:
    """Yield objects that several select, and objects that none selects, joined if one remedy repairs them.

    `apply` is the command that applies the spec.
    """
    unselected: dict[str, list[Manifest]] = {}
    for manifest in manifests:
        kind = manifest["kind"]
        if not selecting_resources(kind):
            continue
        name = f"{kind} {manifest['metadata']['name']}"
        found, is_certain = selectors_of(cluster, manifest)
        if len(found) > 1:
            several = ", ".join(f"`{each}`" for each in found)
            message = f"`{name}` is selected by {len(found)}: {several}"
            yield ClusterProblem(SELECTED_TWICE, message, "check that each of them is intended")
        elif not found and is_certain:
            unselected.setdefault(_remedy(cluster, manifest, apply), []).append(manifest)
    for hint, alike in unselected.items():
        names = ", ".join(f"`{each['kind']} {each['metadata']['name']}`" for each in alike)
        effects = ", ".join(dict.fromkeys(UNSELECTED_EFFECT[each["kind"]] for each in alike))
        yield ClusterProblem(UNSELECTED, f"nothing selects {names}: {effects}", hint)


def refusals(manifests: Sequence[Manifest]) -> Iterator[ClusterProblem]:
    """Yield the objects that the operator reports as not accepted, with its message."""
    for manifest in manifests:
        for binding in (manifest.get("status") or {}).get("bindings") or ():
            for condition in binding.get("conditions") or ():
                if condition.get("type") == "Accepted" and condition.get("status") == "False":
                    name = f"{manifest['kind']} {manifest['metadata']['name']}"
                    by = f"{binding.get('resource')} {binding.get('namespace')}/{binding.get('name')}"
                    reason = f"{condition.get('reason')}: {condition.get('message')}"
                    yield ClusterProblem(
                        REFUSED,
                        f"the operator refuses `{name}` for {by}: {reason}",
                        "fix the reason that it gives",
                    )


def _labels_for(cluster: Cluster, each: SelectingObject) -> dict[str, str] | None:
    """Return the labels of the own namespace, read only if a selector needs them; None if unreadable."""
    if not each.by_namespace:
        return {}
    labels = cluster.namespace_labels
    return None if labels is None else dict(labels)


def _remedy(cluster: Cluster, manifest: Manifest, apply: str) -> str:
    """Return the steps that make the operator's object with the fewest steps select the manifest."""
    selecting = cluster.selecting(manifest["kind"])
    if not selecting:
        kinds = " or ".join(selecting_resources(manifest["kind"]))
        instead = "write `kubernetes: {objects: configmap}`"
        return f"the cluster has none of the operator's {kinds}: create one, or {instead}"
    by_distance = sorted(selecting, key=lambda each: len(list(_steps(cluster, each, manifest, apply))))
    return "; and ".join(_steps(cluster, by_distance[0], manifest, apply))


def _steps(cluster: Cluster, each: SelectingObject, manifest: Manifest, apply: str) -> Iterator[str]:
    """Yield the steps that make one of the operator's objects select the manifest."""
    if not each.selects_namespace(cluster.namespace, _labels_for(cluster, each)):
        yield _namespace_step(cluster, each)
    if each.by_labels is None:
        yield f"`{each}` has no `{each.selector_key}`: run `{cluster.patch(each, **{each.selector_key: {}})}`"
        return
    missing = unmet(each.by_labels, manifest["metadata"]["labels"])
    wanted = {one.label: one.wanted for one in missing if one.wanted is not None}
    if wanted:
        labels = ", ".join(f"{label}: {_scalar(value)}" for label, value in wanted.items())
        yield f"write `kubernetes: {{labels: {{{labels}}}}}`, then run `victor-mon generate` and {apply}"
    for one in missing:
        if one.wanted is None:
            label = f"the label `{one.label}` as it is under `kubernetes.labels`"
            yield f"`{each}` does not select objects with {label}: change it"


def _namespace_step(cluster: Cluster, each: SelectingObject) -> str:
    if each.by_namespace is None:
        command = cluster.patch(each, **{each.namespace_selector_key: {}})
        own = namespace_of(each.manifest)
        return f"run `{command}`; or write `namespace: {own}` in `service`"
    missing = unmet(each.by_namespace, _labels_for(cluster, each) or {})
    labels = [f"{one.label}={one.wanted}" if one.wanted is not None else f"{one.label}-" for one in missing]
    return f"run `{cluster.command} label namespace {cluster.namespace} {shlex.join(labels)}`"


def _scalar(value: str) -> str:
    """Return a label's value for a YAML flow mapping, quoted unless it is plainly a string."""
    is_plain = value.replace("-", "").replace("_", "").isalpha() and value.lower() not in _WORDS
    return value if is_plain else f'"{value}"'


_WORDS = frozenset({"true", "false", "yes", "no", "on", "off", "y", "n", "null"})


if TYPE_CHECKING:
    from victor_monitoring.live.apply.environment import ApplyEnvironment


class OperatorChecks:
    """A view of a cluster whose operator is to select the objects of a context, rendered as `manifests`."""

    def __init__(
        self,
        cluster: Cluster,
        delivery: Delivery,
        environment: ApplyEnvironment,
        manifests: Sequence[Manifest],
    ) -> None:
        self._cluster, self._delivery, self._environment, self._manifests = (
            cluster,
            delivery,
            environment,
            manifests,
        )
        self._apply = f"`victor-mon apply --context {delivery.context}`"

    def missing(self) -> Iterator[ClusterProblem]:
        """Yield the references of the objects that the cluster does not have."""
        yield from missing_references(self._cluster, self._manifests)

    def problems_before_apply(self) -> Iterator[ClusterProblem]:
        """Yield objects that would not be selected, alerts that would not be routed, unreadable resources."""
        yield from selection_problems(self._cluster, self._manifests, self._apply)
        yield from sidecar_problems(self._cluster, self._manifests, self._apply)
        yield from self._strategy_problems()
        yield from self._cluster.unreadable

    def problems_after_apply(self, live: Sequence[Manifest]) -> Iterator[ClusterProblem]:
        """Yield the same for the live objects, refusals by the operator, and gaps in its configuration."""
        yield from selection_problems(self._cluster, self._manifests, self._apply)
        yield from sidecar_problems(self._cluster, self._manifests, self._apply)
        yield from self.missing()
        yield from refusals(live)
        astray = list(self._strategy_problems())
        yield from astray
        for alertmanager, configs in () if astray else self._routed().values():
            yield from routing_problems(
                self._delivery.spec, self._cluster, alertmanager, configs, self._environment
            )
        yield from self._cluster.unreadable

    def _strategy_problems(self) -> Iterator[ClusterProblem]:
        for alertmanager, configs in self._routed().values():
            if any("route" in each["spec"] for each in configs):
                yield from strategy_problems(self._delivery.spec, self._cluster, alertmanager, self._apply)

    def _routed(self) -> Mapping[str, tuple[SelectingObject, list[Manifest]]]:
        """Return the Alertmanagers, by name, each with the AlertmanagerConfigs of the context it selects."""
        found: dict[str, tuple[SelectingObject, list[Manifest]]] = {}
        for manifest in self._manifests:
            if manifest["kind"] == "AlertmanagerConfig":
                for each in selectors_of(self._cluster, manifest)[0]:
                    found.setdefault(str(each), (each, []))[1].append(manifest)
        return found
