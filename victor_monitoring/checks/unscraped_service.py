"""Services that the objects of the Prometheus operator do not scrape."""

from __future__ import annotations

from collections.abc import Iterator

from victor_monitoring.base.diagnostics import Severity
from victor_monitoring.checks.check import check
from victor_monitoring.language.resolved.spec import Resolved
from victor_monitoring.language.syntax.finding import Finding


@check("VM610", "unscraped-service", Severity.WARNING)
def unscraped_service(spec: Resolved) -> Iterator[Finding]:
    """Nothing is scraped: the operator's objects are rendered, but `kubernetes` has no `app` or `port`.

    No ServiceMonitor is rendered then. Unless another one exists whose relabelings set every label that the
    spec selects, the rules match no series, and no alert fires. Components with a `select` of their own are
    scraped by others.

    Bad: `kubernetes: {objects: operator}` alone. Good: also `app: {app: shop}` and `port: http` there.
    """
    found = spec.kubernetes
    missing = [key for key, value in (("app", found.app), ("port", found.port)) if not value]
    is_theirs = spec.components and all("select" in each.written for each in spec.components.values())
    if found.objects == "operator" and "kubernetes" in spec.outputs and missing and not is_theirs:
        message = f"nothing scrapes the service: `kubernetes` has no {' and no '.join(_quoted(missing))}"
        hint = "write `kubernetes: {app: {app: NAME}, port: http}`: the labels and the port of its Service"
        yield Finding(spec.objects_path, message, hint)


def _quoted(keys: list[str]) -> list[str]:
    return [f"`{key}`" for key in keys]
