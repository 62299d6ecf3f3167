"""The ServiceMonitor: the operator's Prometheus scrapes the service with the labels that rules select.

The operator sets `job` to the Service's name and adds `namespace`, `pod`, `container`, `service` and
`endpoint`; the relabelings rendered here come after its own. A label for a target's location, such as
`namespace`, is copied from service discovery, so that it is correct for each target. Any other label of
`select` is set to the selected value, since the targets found here are the service's. Any other label of
`scope`, and one that `select` matches by a pattern, is copied from the pod's label of the same name; such a
`job` stays as it is. A pattern keeps the targets whose label matches it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Final

from victor_monitoring.language.resolved.spec import Resolved
from victor_monitoring.promql.duration import duration_text
from victor_monitoring.promql.tree import Matcher
from victor_monitoring.renderers.kubernetes.manifest import manifest

_NAMESPACE: Final = "__meta_kubernetes_namespace"
_DISCOVERED: Final = {  # labels of service discovery, by the label names in common use
    "namespace": _NAMESPACE,
    "kubernetes_namespace": _NAMESPACE,
    "pod": "__meta_kubernetes_pod_name",
    "kubernetes_pod": "__meta_kubernetes_pod_name",
    "kubernetes_pod_name": "__meta_kubernetes_pod_name",
    "container": "__meta_kubernetes_pod_container_name",
    "kubernetes_container_name": "__meta_kubernetes_pod_container_name",
    "node": "__meta_kubernetes_pod_node_name",
    "kubernetes_node": "__meta_kubernetes_pod_node_name",
    "service": "__meta_kubernetes_service_name",
    "kubernetes_name": "__meta_kubernetes_service_name",
}
_JOB: Final = "job"  # the Service's name: the operator sets it before these relabelings
_BY_PROMETHEUS: Final = ("instance",)  # the target's address


def service_monitor(spec: Resolved) -> Mapping[str, object] | None:
    """Return the service's ServiceMonitor; None where the spec has no app labels or port to scrape."""
    found = spec.kubernetes
    if not found.app or found.port is None:
        return None
    port = {"targetPort": found.port} if isinstance(found.port, int) else {"port": found.port}
    fixed = spec.service.select.fixed
    namespaces = [value for label, value in fixed.items() if _DISCOVERED.get(label) == _NAMESPACE]
    honored = {"honorLabels": True} if spec.honors_labels(spec.service.select) else {}
    body = {
        "spec": {
            "namespaceSelector": {"matchNames": namespaces} if namespaces else {"any": True},
            "selector": {"matchLabels": dict(found.app)},
            "endpoints": [
                {
                    **port,
                    "path": found.path,
                    "interval": duration_text(spec.scrape),
                    **honored,
                    "relabelings": [*_selected(spec), *_scope_relabelings(spec)],
                }
            ],
        }
    }
    return manifest(spec, "scrape", body, kind="ServiceMonitor", version="monitoring.coreos.com/v1")


def _selected(spec: Resolved) -> Iterator[Mapping[str, object]]:
    for matcher in spec.service.select:
        source = _DISCOVERED.get(matcher.label)
        if matcher.op == "=~":
            yield from _matching(matcher)
        elif source is None:
            yield {"action": "replace", "targetLabel": matcher.label, "replacement": _literal(matcher)}
        else:
            if source != _NAMESPACE:  # `namespaceSelector` discovers no other namespaces anyway
                yield _kept(source, re.escape(matcher.value))
            yield _copied(source, matcher.label)


def _matching(pattern: Matcher) -> Iterator[Mapping[str, object]]:
    """Yield the relabelings that keep the targets whose label matches a pattern, and set that label."""
    if pattern.label == _JOB:
        yield _kept(_JOB, pattern.value)
        return
    yield _kept(_source(pattern.label), pattern.value)
    yield _copied(_source(pattern.label), pattern.label)


def _scope_relabelings(spec: Resolved) -> Iterator[Mapping[str, object]]:
    for label in spec.service.scope:
        if label not in spec.service.select.labels and label not in _BY_PROMETHEUS:
            yield _copied(_source(label), label)


def _source(label: str) -> str:
    """Return the label of service discovery with the value of a target label."""
    return _DISCOVERED.get(label, f"__meta_kubernetes_pod_label_{label}")


def _kept(source: str, pattern: str) -> Mapping[str, object]:
    return {"action": "keep", "sourceLabels": [source], "regex": pattern}


def _copied(source: str, label: str) -> Mapping[str, object]:
    return {"action": "replace", "sourceLabels": [source], "targetLabel": label}


def _literal(matcher: Matcher) -> str:
    """Return the value as a relabeling's replacement, with `$` escaped, which begins a reference there."""
    return matcher.value.replace("$", "$$")
