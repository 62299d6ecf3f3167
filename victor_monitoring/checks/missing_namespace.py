"""Objects that go to whichever namespace kubectl is set to."""

from __future__ import annotations

from collections.abc import Iterator

from victor_monitoring.base.diagnostics import Severity
from victor_monitoring.checks.check import check
from victor_monitoring.language.resolved.spec import Resolved
from victor_monitoring.language.syntax.finding import Finding


@check("VM613", "missing-namespace", Severity.WARNING)
def missing_namespace(spec: Resolved) -> Iterator[Finding]:
    """A context is applied to Kubernetes, and the spec names no namespace.

    Its objects go to the namespace that kubectl is set to, which is another one for somebody else or in CI:
    there they are made a second time, and those of the first are never changed or removed again.

    Bad: `targets: [kubernetes: {kube_context: prod}]` alone. Good: besides, `service: {namespace: shop}`.
    """
    if spec.service.namespace is not None or "kubernetes" not in spec.outputs:
        return
    for index, target in enumerate(spec.targets):
        if isinstance(target, dict) and "kubernetes" in target:
            path = ("contexts", spec.context or "", "targets", index, "kubernetes")
            message = "the objects go to the namespace that kubectl is set to"
            yield Finding(path, message, "name it: `service: {namespace: NAME}`", on_key=True)
