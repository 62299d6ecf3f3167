"""Names of components that the spec does not define."""

from __future__ import annotations

from collections.abc import Iterator

from victor_monitoring.base.diagnostics import unknown_name_hint
from victor_monitoring.checks.check import check
from victor_monitoring.language.resolved.spec import Resolved
from victor_monitoring.language.syntax.finding import Finding


@check("VM105", "unknown-component")
def unknown_component(spec: Resolved) -> Iterator[Finding]:
    """No component has the name that an alert gives.

    The alert would be routed and documented under a name without a meaning.

    Bad: `component: cahce`. Good: a name under `components`.
    """
    for use in spec.as_written.unknown:
        if use.thing == "component":
            hint = unknown_name_hint(use.name, spec.components, "declare it under `components`")
            yield Finding(use.path, f"unknown component `{use.name}`", hint, use.part)
