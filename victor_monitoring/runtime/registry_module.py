"""A registry module as typed data: its service, metrics, endpoints, signals and alerts."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import ModuleType
from typing import Any, Final, cast

from victor_monitoring.signals.metric import MetricType
from victor_monitoring.signals.metric_types import METRIC_TYPES
from victor_monitoring.signals.units import unit_of

FORMATS: Final = frozenset({1})  # the current one, and in future its predecessor


@dataclass(frozen=True, slots=True)
class DescribedMetric:
    """One metric; `labels` maps a label to its closed values, or to None if it is open."""

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
    """The data of a registry module. Durations are in milliseconds.

    `severities` are in ascending order. `endpoints` names the components that each endpoint shows, in order.
    `signals` and `alerts` are the plain data that `victor_monitoring.signals.binding` reads.
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
        """Return the module's data. Raise ValueError if its format is not supported."""
        form = getattr(module, "FORMAT", None)
        if form not in FORMATS:
            raise ValueError(
                f"`{module.__name__}` has the registry format {form}, and only "
                f"{', '.join(map(str, sorted(FORMATS)))} is supported: run `victor-mon generate`"
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
        """The endpoint of each component, components in the spec's order."""
        return {component: name for name, shown in self.endpoints.items() for component in shown}

    def shown(self, endpoint: str) -> list[str]:
        """Return the components of an endpoint as it shows them: the one of its own name first."""
        return sorted(self.endpoints[endpoint], key=endpoint.__ne__)

    def name(self, component: str, attribute: str) -> str:
        """Return the metric's name. Raise KeyError if the component has no such attribute."""
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
        type=METRIC_TYPES[str(data["type"])],
        unit=str(unit_of(cast("str | Mapping[str, str]", data["unit"]))),
        help=str(data.get("help", "")),
        labels={label: values if isinstance(values, tuple) else None for label, values in labels.items()},
        rest_only=bool(data["rest"]),
    )


class UnknownContextError(ValueError):
    """A registry module has no context with the given name."""


def in_context(module: ModuleType, context: str | None) -> ModuleType:
    """Return the module with the signals, alerts and intervals of a context; unchanged for None, base.

    Raise UnknownContextError if the module was rendered without a context of that name.
    """
    if context is None:
        return module
    contexts: Mapping[str, Any] = getattr(module, "CONTEXTS", {})
    if context not in contexts:
        known = ", ".join(contexts) or "none"
        message = f"`{module.__name__}` has no context `{context}`, it has {known}; run `victor-mon generate`"
        raise UnknownContextError(message)
    overrides = contexts[context]
    found = ModuleType(module.__name__, module.__doc__)
    vars(found).update(
        vars(module),
        SCRAPE=overrides["scrape"],
        EVALUATE=overrides["evaluate"],
        PROMETHEUS=overrides.get("prometheus"),
        SIGNALS=_with(vars(module)["SIGNALS"], overrides["signals"]),
        ALERTS=_with(vars(module)["ALERTS"], overrides["alerts"]),
    )
    return found


def _with(
    base: Mapping[str, Mapping[str, object]], other: Mapping[str, Mapping[str, object] | None]
) -> Mapping[str, Mapping[str, object]]:
    """Return base's entries with the fields of `other`; an entry that is None in `other` is left out."""
    found = {name: {**base.get(name, {}), **(other.get(name) or {})} for name in (*base, *other)}
    return {name: each for name, each in found.items() if other.get(name, {}) is not None}
