"""Keys that an external component cannot have."""

from __future__ import annotations

from collections.abc import Iterator

from victor_monitoring.checks.check import check
from victor_monitoring.language.resolved.spec import Component, Resolved
from victor_monitoring.language.syntax.finding import Finding


@check("VM504", "external-component")
def external_component(spec: Resolved) -> Iterator[Finding]:
    """`class`, `endpoint` or a metric's `rest` is set on an external component, or a key on one that is not.

    Another program exports its metrics: it has neither a class in the registry module nor a REST section.
    Only an external component has nothing to select by, or series with labels that the platform sets.

    Bad: `{external: true, endpoint: ingress}`. Good: `{external: true, select: {job: ingress}}`.
    """
    for component in spec.components.values():
        if not component.external:
            yield from _not_external(component)
            continue
        for key, field in (("class", "class_"), ("endpoint", "endpoint")):
            if field in component.written:
                message = f"`{component.name}` is external and has no `{key}`"
                yield Finding((*component.path, key), message, "remove the key", on_key=True)
        for declared in component.metrics:
            if declared.rest:
                message = f"`{declared.metric.name}` is external and in no REST section"
                yield Finding((*declared.path, "rest"), message, "remove the key", on_key=True)


def _not_external(component: Component) -> Iterator[Finding]:
    if "select" in component.written and not component.select:
        message = f"`{component.name}` is selected by nothing, and is not external"
        yield Finding((*component.path, "select"), message, "name the labels of its targets", on_key=True)
    if component.honor_labels:
        message = f"`{component.name}` is not external, and its series have no such labels"
        yield Finding((*component.path, "honor_labels"), message, "remove the key", on_key=True)
