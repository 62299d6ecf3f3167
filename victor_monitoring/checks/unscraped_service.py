"""Operator's objects for a service that none of them scrapes."""

from __future__ import annotations

from collections.abc import Iterator

from victor_monitoring.base.diagnostics import Severity
from victor_monitoring.checks.check import check
from victor_monitoring.language.resolved.spec import Resolved
from victor_monitoring.language.syntax.finding import Finding


@check("VM610", "unscraped-service", Severity.WARNING)
def unscraped_service(spec: Resolved) -> Iterator[Finding]:
    """A context gets the operator's objects, and the spec does not say what to scrape.

    Then there is no ServiceMonitor. Unless somebody else writes one whose relabelings set every label that
    the spec selects, no rule matches any series, and all is silent.

    Bad: `component: operator` without more. Good: besides, `kubernetes: {app: {app: shop}, port: http}`.
    """
    found = spec.kubernetes
    missing = [key for key, value in (("app", found.app), ("port", found.port)) if not value]
    if spec.component == "operator" and "kubernetes" in spec.outputs and missing:
        path = ("contexts", spec.context or "", "component")
        message = f"nothing scrapes the service: `kubernetes` has no {' and no '.join(_quoted(missing))}"
        hint = "write `kubernetes: {app: {app: NAME}, port: http}`: the labels and the port of its Service"
        yield Finding(path, message, hint)


def _quoted(keys: list[str]) -> list[str]:
    return [f"`{key}`" for key in keys]
