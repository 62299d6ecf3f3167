"""The references of rendered objects in a cluster: Secrets, Services with a port, dashboard sidecars."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from victor_monitoring.language.model.fields import DASHBOARD_LABEL
from victor_monitoring.live.apply.patterns import MISSING_REFERENCE, UNSELECTED
from victor_monitoring.live.kubernetes.cluster import Cluster, ClusterProblem
from victor_monitoring.live.kubernetes.manifests import Manifest, namespace_of

_UNSCRAPED = "whether the ServiceMonitor has a Service with its port"
_SIDECAR = "k8s-sidecar"  # part of the image name of the container that loads ConfigMaps into Grafana


def missing_references(cluster: Cluster, manifests: Sequence[Manifest]) -> Iterator[ClusterProblem]:
    """Yield the references of objects that the cluster does not have."""
    for manifest in manifests:
        name = f"{manifest['kind']} {manifest['metadata']['name']}"
        match manifest["kind"]:
            case "AlertmanagerConfig":
                yield from _secrets(cluster, name, manifest)
            case "ServiceMonitor":
                yield from _services(cluster, name, manifest["spec"])


def sidecar_problems(cluster: Cluster, manifests: Sequence[Manifest], apply: str) -> Iterator[ClusterProblem]:
    """Yield dashboards that no Grafana sidecar loads, if the cluster has sidecars for dashboards."""
    for manifest in manifests:
        labels = manifest["metadata"]["labels"]
        sidecars = list(_sidecars(cluster)) if DASHBOARD_LABEL in labels else []
        if not sidecars or any(each.takes(labels) and each.sees(cluster.namespace) for each in sidecars):
            continue
        first, name = sidecars[0], f"ConfigMap {manifest['metadata']['name']}"
        if first.takes(labels):
            message = f"the sidecar of `{first.owner}` does not watch the namespace `{cluster.namespace}`"
            yield ClusterProblem(
                UNSELECTED,
                f"{message} of `{name}`",
                "add it to the sidecar's `NAMESPACE`, or set that to `ALL`",
            )
        else:
            wanted = f'`kubernetes: {{labels: {{{first.label}: "{first.value or 1}"}}}}`'
            message = f"the sidecar of `{first.owner}` does not load `{name}`: it selects by `{first.label}`"
            yield ClusterProblem(
                UNSELECTED, message, f"write {wanted}, then run `victor-mon generate` and {apply}"
            )


def _secrets(cluster: Cluster, name: str, manifest: Manifest) -> Iterator[ClusterProblem]:
    wanted: dict[str, list[str]] = {}
    for secret, key in _secret_keys(manifest["spec"]):
        wanted.setdefault(secret, []).append(key)
    for secret, keys in wanted.items():
        create = f"{cluster.command} create secret generic {secret} --namespace={cluster.namespace}"
        literals = " ".join(f"--from-file={key}=FILE" for key in dict.fromkeys(keys))
        try:
            found = cluster.keys_of_secret(secret)
        except LookupError:
            message = f"`{name}` refers to the Secret `{cluster.namespace}/{secret}`, which does not exist"
            yield ClusterProblem(MISSING_REFERENCE, message, f"create it: `{create} {literals}`")
            continue
        for key in dict.fromkeys(keys):
            if found is not None and key not in found:
                message = f"`{name}` refers to the key `{key}` of the Secret `{cluster.namespace}/{secret}`, "
                has = ", ".join(f"`{each}`" for each in sorted(found)) or "none"
                hint = f"add `{key}` to it"
                if found:
                    other = f"/etc/alertmanager/secrets/{secret}/{min(found)}"
                    hint += f", or write `{other}` in the receiver"
                yield ClusterProblem(MISSING_REFERENCE, f"{message}which has {has}", hint)


def _secret_keys(value: Any) -> Iterator[tuple[str, str]]:
    """Yield the name and key of each Secret reference anywhere in an object."""
    if isinstance(value, dict):
        if value.keys() == {"name", "key"}:
            yield str(value["name"]), str(value["key"])
        for each in value.values():
            yield from _secret_keys(each)
    elif isinstance(value, list):
        for each in value:
            yield from _secret_keys(each)


def _services(cluster: Cluster, name: str, spec: Mapping[str, Any]) -> Iterator[ClusterProblem]:
    labels = ",".join(f"{label}={value}" for label, value in spec["selector"]["matchLabels"].items())
    for namespace in spec["namespaceSelector"].get("matchNames") or (None,):
        services = cluster.within("services", namespace, _UNSCRAPED, labels)
        if services is not None:
            place = f"in the namespace `{namespace}`" if namespace else "in any namespace"
            fault, hint = _unscraped(
                cluster, services, spec["endpoints"][0], f"Services with `{labels}` {place}"
            )
            if fault:
                yield ClusterProblem(MISSING_REFERENCE, f"`{name}` {fault}", hint)


def _unscraped(
    cluster: Cluster, services: Sequence[Manifest], endpoint: Mapping[str, Any], which: str
) -> tuple[str, str]:
    """Return the reason why no Service can be scraped, and a hint; both empty if one can."""
    if not services:
        return (
            f"scrapes {which}, but none exist",
            "deploy the service, or correct `kubernetes.app` in the spec",
        )
    with_port = [each for each in services if _has_port(each, endpoint)]
    if not with_port:
        names = sorted({str(one["name"]) for each in services for one in _ports(each) if one.get("name")})
        known = ", ".join(f"`{each}`" for each in names) or "no named port"
        hint = f"write `kubernetes: {{port: {names[0]}}}`" if names else "name the Service's port"
        return f"scrapes the port `{endpoint['port']}`, and {which} have {known}", hint
    if not any(_has_endpoints(cluster, each) for each in with_port):
        first = with_port[0]["metadata"]
        service = f"{first.get('namespace')}/{first['name']}"
        hint = "check that its pods run, and that its selector matches their labels"
        return f"scrapes the Service `{service}`, which has no endpoints", hint
    return "", ""


def _ports(service: Manifest) -> Sequence[Mapping[str, Any]]:
    return (service.get("spec") or {}).get("ports") or ()


def _has_port(service: Manifest, endpoint: Mapping[str, Any]) -> bool:
    """Return whether a Service has the port; a port number is the pods' and needs no Service port."""
    return "port" not in endpoint or any(each.get("name") == endpoint["port"] for each in _ports(service))


def _has_endpoints(cluster: Cluster, service: Manifest) -> bool:
    """Return whether a Service has an endpoint address; assume so if its slices may not be read."""
    name, namespace = service["metadata"]["name"], service["metadata"].get("namespace")
    selector = f"kubernetes.io/service-name={name}"
    slices = cluster.within(
        "endpointslices.discovery.k8s.io", namespace, "whether the Service has endpoints", selector
    )
    return slices is None or any(
        each.get("addresses") for one in slices for each in one.get("endpoints") or ()
    )


@dataclass(frozen=True, slots=True)
class Sidecar:
    """A container that loads dashboards from labelled ConfigMaps of some namespaces into a Grafana."""

    owner: str
    own_namespace: str
    label: str
    value: str  # empty: any
    namespaces: str  # comma-separated, or `ALL`; empty: its own

    def takes(self, labels: Mapping[str, str]) -> bool:
        """Return whether the sidecar loads a ConfigMap with these labels."""
        return self.label in labels and self.value in ("", labels[self.label])

    def sees(self, namespace: str) -> bool:
        """Return whether the sidecar watches a namespace."""
        return self.namespaces == "ALL" or namespace in (self.namespaces or self.own_namespace).split(",")


def _sidecars(cluster: Cluster) -> Iterator[Sidecar]:
    for resource in ("deployments.apps", "statefulsets.apps"):
        for owner in cluster.everywhere(resource, "which label Grafana's sidecar selects by") or ():
            pod = ((owner.get("spec") or {}).get("template") or {}).get("spec") or {}
            name = f"{owner['kind']} {namespace_of(owner)}/{owner['metadata']['name']}"
            for container in pod.get("containers") or ():
                env = {each.get("name"): str(each.get("value") or "") for each in container.get("env") or ()}
                label = env.get("LABEL", "")
                is_of_dashboards = "dashboard" in f"{container.get('name')} {label}"
                if label and is_of_dashboards and _SIDECAR in str(container.get("image")):
                    value, watched = env.get("LABEL_VALUE", ""), env.get("NAMESPACE", "")
                    yield Sidecar(name, namespace_of(owner), label, value, watched)
