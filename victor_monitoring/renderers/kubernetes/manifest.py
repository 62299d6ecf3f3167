"""The common part of all rendered Kubernetes objects."""

from __future__ import annotations

from collections.abc import Mapping

from victor_monitoring.language.model.fields import CONTEXT, MANAGED_BY, PART_OF
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
    """Return an object with its name and labels: those of the owner, `labels` and those of the spec.

    A context's object is named and labelled after the context, too.
    """
    namespace = {"namespace": spec.service.namespace} if spec.service.namespace else {}
    context = {CONTEXT: spec.context} if spec.context else {}
    owned = {MANAGED_BY: "victor-mon", PART_OF: spec.service.name, **context}
    # The context comes last: `shop-alerts-prod` never clashes with base of a service `shop-prod`.
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
