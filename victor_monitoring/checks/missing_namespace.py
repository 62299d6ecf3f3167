"""Kubernetes objects without a namespace."""

from __future__ import annotations

from collections.abc import Iterator

from victor_monitoring.base.diagnostics import Severity
from victor_monitoring.checks.check import check
from victor_monitoring.language.resolved.spec import Resolved
from victor_monitoring.language.syntax.finding import Finding


@check("VM613", "missing-namespace", Severity.WARNING)
def missing_namespace(spec: Resolved) -> Iterator[Finding]:
    """No namespace is set in the spec, but a context is applied to Kubernetes.

    Its objects go to the current namespace of kubectl, which may differ between users and in CI. A second
    namespace gets a second set of objects, and those in the first are never changed or removed again.

    Bad: `targets: [kubernetes: {kube_context: prod}]` alone. Good: also `service: {namespace: shop}`.
    """
    if spec.service.namespace is not None or "kubernetes" not in spec.outputs:
        return
    for index, target in enumerate(spec.targets):
        if isinstance(target, dict) and "kubernetes" in target:
            path = ("contexts", spec.context or "", "targets", index, "kubernetes")
            message = "the objects go to the current namespace of kubectl"
            yield Finding(path, message, "name it: `service: {namespace: NAME}`", on_key=True)
