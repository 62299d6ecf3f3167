"""What rendered objects refer to in a cluster: Secrets, Services with a port, and a dashboard's sidecar."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from victor_monitoring.language.model.fields import DASHBOARD_LABEL
from victor_monitoring.live.apply.patterns import MISSING_REFERENCE, UNSELECTED
from victor_monitoring.live.kubernetes.cluster import Cluster, ClusterProblem
from victor_monitoring.live.kubernetes.manifests import Manifest, namespace_of

_UNSCRAPED = "whether a Service with its port is there for the ServiceMonitor"
_SIDECAR = "k8s-sidecar"  # of the image that brings ConfigMaps into Grafana


def missing_references(cluster: Cluster, manifests: Sequence[Manifest]) -> Iterator[ClusterProblem]:
    """Everything that an object names and the cluster does not have."""
    for manifest in manifests:
        name = f"{manifest['kind']} {manifest['metadata']['name']}"
        match manifest["kind"]:
            case "AlertmanagerConfig":
                yield from _secrets(cluster, name, manifest)
            case "ServiceMonitor":
                yield from _services(cluster, name, manifest["spec"])


def sidecar_problems(cluster: Cluster, manifests: Sequence[Manifest], apply: str) -> Iterator[ClusterProblem]:
    """Dashboards that no sidecar of a Grafana takes, where there are sidecars for dashboards."""
    for manifest in manifests:
        labels = manifest["metadata"]["labels"]
        sidecars = list(_sidecars(cluster)) if DASHBOARD_LABEL in labels else []
        if not sidecars or any(each.takes(labels) and each.sees(cluster.namespace) for each in sidecars):
            continue
        first, name = sidecars[0], f"ConfigMap {manifest['metadata']['name']}"
        if first.takes(labels):
            message = f"the sidecar of `{first.owner}` does not look into the namespace `{cluster.namespace}`"
            yield ClusterProblem(
                UNSELECTED, f"{message} of `{name}`", "add it to its `NAMESPACE`, or write `ALL` there"
            )
        else:
            wanted = f'`kubernetes: {{labels: {{{first.label}: "{first.value or 1}"}}}}`'
            message = f"the sidecar of `{first.owner}` does not take `{name}`: it looks for `{first.label}`"
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
    """The Secrets that are named anywhere in an object, each with the key that is read."""
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
    """Why none of the Services can be scraped, and what to do; empty where one can."""
    if not services:
        return (
            f"scrapes {which}, and there are none",
            "deploy the service, or correct `kubernetes.app` in the spec",
        )
    having = [each for each in services if _has_port(each, endpoint)]
    if not having:
        names = sorted({str(one["name"]) for each in services for one in _ports(each) if one.get("name")})
        known = ", ".join(f"`{each}`" for each in names) or "no named one"
        hint = f"write `kubernetes: {{port: {names[0]}}}`" if names else "name the Service's port"
        return f"scrapes the port `{endpoint['port']}`, and {which} have {known}", hint
    if not any(_has_endpoints(cluster, each) for each in having):
        first = having[0]["metadata"]
        service = f"{first.get('namespace')}/{first['name']}"
        hint = "do its pods run, and does its selector meet their labels?"
        return f"scrapes the Service `{service}`, which has no endpoints", hint
    return "", ""


def _ports(service: Manifest) -> Sequence[Mapping[str, Any]]:
    return (service.get("spec") or {}).get("ports") or ()


def _has_port(service: Manifest, endpoint: Mapping[str, Any]) -> bool:
    """Whether a Service has the port; a number is the pods' own, which no Service need name."""
    return "port" not in endpoint or any(each.get("name") == endpoint["port"] for each in _ports(service))


def _has_endpoints(cluster: Cluster, service: Manifest) -> bool:
    """Whether a Service has an address behind it; where that cannot be read, it is taken to have."""
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
    """A container that brings dashboards into a Grafana, by a label of ConfigMaps and by namespaces."""

    owner: str
    own_namespace: str
    label: str
    value: str  # empty: any
    namespaces: str  # separated by commas; empty: its own; ALL

    def takes(self, labels: Mapping[str, str]) -> bool:
        """Whether it takes a ConfigMap with these labels."""
        return self.label in labels and self.value in ("", labels[self.label])

    def sees(self, namespace: str) -> bool:
        """Whether it looks into a namespace."""
        return self.namespaces == "ALL" or namespace in (self.namespaces or self.own_namespace).split(",")


def _sidecars(cluster: Cluster) -> Iterator[Sidecar]:
    for resource in ("deployments.apps", "statefulsets.apps"):
        for owner in cluster.everywhere(resource, "which label Grafana's sidecar looks for") or ():
            pod = ((owner.get("spec") or {}).get("template") or {}).get("spec") or {}
            name = f"{owner['kind']} {namespace_of(owner)}/{owner['metadata']['name']}"
            for container in pod.get("containers") or ():
                env = {each.get("name"): str(each.get("value") or "") for each in container.get("env") or ()}
                label = env.get("LABEL", "")
                is_of_dashboards = "dashboard" in f"{container.get('name')} {label}"
                if label and is_of_dashboards and _SIDECAR in str(container.get("image")):
                    value, watched = env.get("LABEL_VALUE", ""), env.get("NAMESPACE", "")
                    yield Sidecar(name, namespace_of(owner), label, value, watched)
