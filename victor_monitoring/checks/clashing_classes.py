"""Components with the same class name."""

from __future__ import annotations

from collections.abc import Iterator

from victor_monitoring.checks.check import check
from victor_monitoring.language.resolved.spec import Resolved
from victor_monitoring.language.syntax.finding import Finding


@check("VM510", "clashing-classes")
def clashing_classes(spec: Resolved) -> Iterator[Finding]:
    """Two components of the service have the same class name in the registry module.

    Code that imports the class of one component would get that of the other.

    Bad: `class: StockMetrics` on two components. Good: a class for each.
    """
    first: dict[str, str] = {}
    for component in spec.components.values():
        if not component.external:
            other = first.setdefault(component.class_name, component.name)
            if other != component.name:
                message = f"`{component.class_name}` is the class of `{other}` too"
                yield Finding(component.path, message, "give it a `class` of its own", on_key=True)
