"""A registry module as typed data: what it says of itself beside the metrics that it makes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import ModuleType
from typing import Any, Final, Literal, TypeAlias, cast

FORMATS: Final = frozenset({1})  # the one that is rendered now, and the one before once there is one

MetricType: TypeAlias = Literal["counter", "gauge", "histogram"]


@dataclass(frozen=True, slots=True)
class DescribedMetric:
    """One metric; `labels` maps a label to its closed values, or to None where it is open."""

    name: str
    component: str
    attribute: str
    type: MetricType
    unit: str
    help: str
    labels: Mapping[str, tuple[str, ...] | None]
    rest_only: bool


@dataclass(frozen=True, slots=True)
class RegistryModule:
    """What a registry module says of itself. Durations are in milliseconds.

    `severities` ascend. `endpoints` names the components that each endpoint shows, in order. `signals` and
    `alerts` are the plain data that `victor_monitoring.signals.binding` makes signals and alerts of.
    """

    service: str
    title: str
    severities: tuple[str, ...]
    scrape: int
    endpoints: Mapping[str, tuple[str, ...]]
    metrics: Mapping[str, DescribedMetric]
    signals: Mapping[str, Mapping[str, object]]
    alerts: Mapping[str, Mapping[str, object]]

    @classmethod
    def of(cls, module: ModuleType) -> RegistryModule:
        """The module's data. Raises ValueError where its format is none that is read here."""
        form = getattr(module, "FORMAT", None)
        if form not in FORMATS:
            raise ValueError(
                f"`{module.__name__}` has the registry format {form}, and only "
                f"{', '.join(map(str, sorted(FORMATS)))} is read: render it anew with `victor-mon generate`"
            )
        return cls(
            service=module.SERVICE,
            title=getattr(module, "TITLE", module.SERVICE),
            severities=getattr(module, "SEVERITIES", ()),
            scrape=module.SCRAPE,
            endpoints=module.ENDPOINTS,
            metrics={name: _metric(name, data) for name, data in module.METRICS.items()},
            signals=module.SIGNALS,
            alerts=getattr(module, "ALERTS", {}),
        )

    @property
    def endpoint_of(self) -> Mapping[str, str]:
        """The endpoint that shows each component, components in the spec's order."""
        return {component: name for name, shown in self.endpoints.items() for component in shown}

    def name(self, component: str, attribute: str) -> str:
        """The metric's name. Raises KeyError where the component has no such attribute."""
        for metric in self.metrics.values():
            if (metric.component, metric.attribute) == (component, attribute):
                return metric.name
        raise KeyError(f"the component `{component}` has no metric `{attribute}`")


def _metric(name: str, data: Mapping[str, object]) -> DescribedMetric:
    labels = cast("Mapping[str, object]", data["labels"])
    return DescribedMetric(
        name=name,
        component=str(data["component"]),
        attribute=str(data["attribute"]),
        type=cast("MetricType", data["type"]),
        unit=str(data["unit"]),
        help=str(data.get("help", "")),
        labels={label: values if isinstance(values, tuple) else None for label, values in labels.items()},
        rest_only=bool(data["rest"]),
    )


class UnknownContextError(ValueError):
    """A registry module has no context of a name."""


def in_context(module: ModuleType, context: str | None) -> ModuleType:
    """The module with the signals, the alerts and the intervals of a context; as it is for None, base.

    UnknownContextError where the module, as it was rendered, has no context of that name.
    """
    if context is None:
        return module
    contexts: Mapping[str, Any] = getattr(module, "CONTEXTS", {})
    if context not in contexts:
        known = ", ".join(contexts) or "none"
        message = f"`{module.__name__}` has no context `{context}`, it has {known}: is it rendered anew?"
        raise UnknownContextError(message)
    there = contexts[context]
    found = ModuleType(module.__name__, module.__doc__)
    vars(found).update(
        vars(module),
        SCRAPE=there["scrape"],
        EVALUATE=there["evaluate"],
        PROMETHEUS=there.get("prometheus"),
        SIGNALS=_with(vars(module)["SIGNALS"], there["signals"]),
        ALERTS=_with(vars(module)["ALERTS"], there["alerts"]),
    )
    return found


def _with(
    base: Mapping[str, Mapping[str, object]], other: Mapping[str, Mapping[str, object] | None]
) -> Mapping[str, Mapping[str, object]]:
    """Base's entries with the fields that are otherwise; those that are None there are left out."""
    found = {name: {**base.get(name, {}), **(other.get(name) or {})} for name in (*base, *other)}
    return {name: each for name, each in found.items() if other.get(name, {}) is not None}
