"""What every Kubernetes object of ours has."""

from __future__ import annotations

from collections.abc import Mapping

from victor_monitoring.language.model.fields import INSTANCE, MANAGED_BY, PART_OF
from victor_monitoring.language.resolved.spec import Resolved


def manifest(
    spec: Resolved,
    suffix: str,
    body: Mapping[str, object],
    *,
    kind: str = "ConfigMap",
    version: str = "v1",
    labels: Mapping[str, str] | None = None,
) -> Mapping[str, object]:
    """An object of the service, with the spec's labels and `labels`, and labels that say whose it is.

    A context's object is named and labelled after the context, too.
    """
    namespace = {"namespace": spec.service.namespace} if spec.service.namespace else {}
    instance = {INSTANCE: spec.context} if spec.context else {}
    owned = {MANAGED_BY: "victor-mon", PART_OF: spec.service.name, **instance}
    # The context comes last: `shop-alerts-prod` is never base's of a service `shop-prod`.
    name = "-".join(filter(None, (spec.service.name, suffix, spec.context)))
    return {
        "apiVersion": version,
        "kind": kind,
        "metadata": {
            "name": name,
            **namespace,
            "labels": {**owned, **(labels or {}), **dict(spec.kubernetes.labels)},
        },
        **body,
    }
