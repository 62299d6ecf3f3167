"""The classes of the registry module: one for each component, and one for all of them."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from typing import Final

from victor_monitoring.language.resolved.spec import Component
from victor_monitoring.renderers.registry.layout import (
    INDENT,
    Bracketed,
    LayoutNode,
    call,
    docstring,
    lines,
    literal,
    plain,
    prefixed,
)
from victor_monitoring.renderers.registry.names import Aliases, parameters
from victor_monitoring.signals.metric import Label, Metric

# Names that a component's class defines or reads besides its metrics.
CLASS_NAMES: Final = frozenset({"COMPONENT", "ENDPOINT", "property", "str"})
_BODY: Final = INDENT * 2


@dataclass(frozen=True, slots=True)
class ComponentClass:
    """A component and its names in Python: of its class, its attribute and its metrics."""

    component: Component
    name: str
    attribute: str
    metrics: Mapping[str, str]

    @property
    def has_open_labels(self) -> bool:
        """Whether any label can overflow."""
        labels = (label for declared in self.component.metrics for label in declared.metric.labels)
        return any(label.values is None for label in labels)


def component_class(shape: ComponentClass, aliases: Aliases) -> Iterator[str]:
    """Yield the lines of a component's class."""
    component = shape.component
    yield f"class {shape.name}:"
    yield from docstring(f"Metrics of the component `{component.name}`.", INDENT)
    yield ""
    yield f"{INDENT}COMPONENT: ClassVar = {literal(component.name)}"
    yield f"{INDENT}ENDPOINT: ClassVar = {literal(component.endpoint)}"
    yield ""
    yield from _head(shape.has_open_labels)
    for declared in component.metrics:
        yield from _construction(declared.metric, shape.metrics[declared.metric.name], aliases)
    if not component.metrics:
        yield f"{_BODY}del registry  # there is nothing to register"
    for declared in component.metrics:
        yield from _access(declared.metric, shape.metrics[declared.metric.name], aliases)


def all_metrics(shapes: Collection[ComponentClass]) -> Iterator[str]:
    """Yield the lines of the class with all components."""
    yield "class Metrics:"
    yield f'{INDENT}"""Every metric of the service, on one registry, component by component."""'
    yield ""
    yield from _head(takes_overflows=True)
    for shape in shapes:
        arguments = ("registry", "on_overflow") if shape.has_open_labels else ("registry",)
        yield from lines(prefixed(f"self.{shape.attribute}: Final = ", call(shape.name, arguments)), _BODY)


def _head(takes_overflows: bool) -> Iterator[str]:
    overflow = ("on_overflow: OnOverflow | None = None",) if takes_overflows else ()
    items = ("self", "registry: CollectorRegistry", *overflow)
    yield from lines(Bracketed("def __init__(", items, ") -> None:"), INDENT)


def _construction(metric: Metric, name: str, aliases: Aliases) -> Iterator[str]:
    """Yield the statement of `__init__` that creates a metric."""
    if metric.labels:
        arguments: list[LayoutNode] = [_client_call(metric), _label_values(metric, aliases)]
        if any(label.values is None for label in metric.labels):
            arguments.append("on_overflow")
        yield from lines(prefixed(f"self._{name} = ", call("_Children", arguments)), _BODY)
    elif not metric.type.STARTS_AT_ZERO:
        arguments = [literal(metric.name), literal(metric.help), "registry=registry", *_options(metric)]
        yield from lines(prefixed(f"self._{name} = ", call("_LateGauge", arguments)), _BODY)
    else:
        yield from lines(prefixed(f"self.{name}: Final = ", _client_call(metric)), _BODY)


def _client_call(metric: Metric) -> Bracketed:
    labels = [plain(metric.label_names)] if metric.labels else []
    options = ["registry=registry", *_options(metric)]
    return call(str(metric.type.CLIENT), [literal(metric.name), literal(metric.help), *labels, *options])


def _options(metric: Metric) -> Iterator[LayoutNode]:
    if metric.buckets:
        yield prefixed("buckets=", plain([float(bound) for bound in metric.buckets]))
    if metric.merge is not None:
        yield f"multiprocess_mode={literal(metric.merge)}"


def _label_values(metric: Metric, aliases: Aliases) -> Bracketed:
    entries = (f"{literal(label.name)}: {_values(metric, label, aliases)}" for label in metric.labels)
    return Bracketed("{", tuple(entries), "}")


def _values(metric: Metric, label: Label, aliases: Aliases) -> str:
    return repr(label.limit) if label.values is None else f"get_args({aliases[metric.name, label.name][0]})"


def _access(metric: Metric, name: str, aliases: Aliases) -> Iterator[str]:
    """Yield the method or property that returns a metric's child, unless the attribute is the metric."""
    if metric.labels:
        yield ""
        yield from lines(_signature(metric, name, aliases), INDENT)
        result: LayoutNode = call(f"return self._{name}", parameters(metric.labels).values())
    elif not metric.type.STARTS_AT_ZERO:
        yield from ("", f"{INDENT}@property", f"{INDENT}def {name}(self) -> Gauge:")
        result = f"return self._{name}.gauge"
    else:
        return
    yield from docstring(metric.help if metric.help.strip() else metric.name, _BODY)
    yield from lines(result, _BODY)


def _signature(metric: Metric, name: str, aliases: Aliases) -> Bracketed:
    named = parameters(metric.labels)
    typed = (
        f"{named[label.name]}: {'str' if label.values is None else aliases[metric.name, label.name][0]}"
        for label in metric.labels
    )
    return Bracketed(f"def {name}(", ("self", *typed), f") -> {metric.type.CLIENT}:")
