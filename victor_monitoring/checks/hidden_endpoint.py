"""Endpoints whose name the REST API already uses."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from victor_monitoring.checks.check import check
from victor_monitoring.language.resolved.spec import Resolved
from victor_monitoring.language.syntax.finding import Finding

# The endpoints that the REST API of every service has.
FIXED: Final = ("alerts", "health", "prometheus", "summary")


@check("VM511", "hidden-endpoint")
def hidden_endpoint(spec: Resolved) -> Iterator[Finding]:
    """`endpoint` of a component is a name that the REST API of every service already uses.

    The service's own `summary`, `prometheus`, `alerts` or `health` answers instead of the component.

    Bad: `endpoint: health`. Good: `endpoint: health-checks`.
    """
    for component in spec.components.values():
        if not component.external and component.endpoint in FIXED:
            is_written = "endpoint" in component.written
            yield Finding(
                (*component.path, "endpoint") if is_written else component.path,
                f"the endpoint `{component.endpoint}` is already used by the REST API of every service",
                f"change it, such as to `endpoint: {component.endpoint}-metrics`",
                on_key=not is_written,
            )
