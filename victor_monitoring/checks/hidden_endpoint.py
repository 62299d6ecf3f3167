"""Endpoints that REST has another use for."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from victor_monitoring.checks.check import check
from victor_monitoring.language.resolved.spec import Resolved
from victor_monitoring.language.syntax.finding import Finding

# What every service answers under these names.
FIXED: Final = ("alerts", "health", "prometheus", "summary")


@check("VM511", "hidden-endpoint")
def hidden_endpoint(spec: Resolved) -> Iterator[Finding]:
    """A component's endpoint has the name of one that every service has.

    That one answers in its place: `summary`, `prometheus`, `alerts` or `health`.

    Bad: `endpoint: health`. Good: `endpoint: health-checks`.
    """
    for component in spec.components.values():
        if not component.external and component.endpoint in FIXED:
            is_written = "endpoint" in component.written
            yield Finding(
                (*component.path, "endpoint") if is_written else component.path,
                f"the endpoint `{component.endpoint}` is another one in every service",
                f"change it, such as to `endpoint: {component.endpoint}-metrics`",
                on_key=not is_written,
            )
