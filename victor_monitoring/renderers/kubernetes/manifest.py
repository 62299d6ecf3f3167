"""What every Kubernetes object of ours has."""

from __future__ import annotations

from collections.abc import Mapping

from victor_monitoring.resolved.spec import Resolved


def manifest(
    spec: Resolved,
    suffix: str,
    body: Mapping[str, object],
    *,
    kind: str = "ConfigMap",
    version: str = "v1",
    labels: Mapping[str, str] | None = None,
) -> Mapping[str, object]:
    """An object of the service, labelled as ours; a context's is named and labelled after the context too."""
    namespace = {"namespace": spec.service.namespace} if spec.service.namespace else {}
    instance = {"app.kubernetes.io/instance": spec.context} if spec.context else {}
    ours = {
        "app.kubernetes.io/managed-by": "victor-mon",
        "app.kubernetes.io/part-of": spec.service.name,
        **instance,
    }
    # The context comes last: `shop-alerts-prod` is never base's of a service `shop-prod`.
    name = "-".join(filter(None, (spec.service.name, suffix, spec.context)))
    return {
        "apiVersion": version,
        "kind": kind,
        "metadata": {
            "name": name,
            **namespace,
            "labels": {**ours, **(labels or {})},
        },
        **body,
    }
