"""The response models of a service, created from its registry module, for validation and OpenAPI."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final, Literal, TypeAlias, cast

from pydantic import BaseModel, Field, create_model

from victor_monitoring.runtime.reads import ReadFault
from victor_monitoring.runtime.registry_module import DescribedMetric, RegistryModule
from victor_monitoring.runtime.rest.alert_models import (
    AlertModel,
    JsonNumber,
    LabelledSignalModel,
    ScoreModel,
    SignalModel,
    StrictModel,
    own_labels,
)

# A field's key in the response, its type and its description.
_Fields: TypeAlias = Iterable[tuple[str, Any, str]]

_VERDICT: Final = (
    "The worst severity of the firing alerts; `ok` if none fires. Alerts with another severity or none do "
    "not count, nor do `silent` signals."
)
_SIGNALS: Final = "signals"
_NUMBER: Final = (("value", JsonNumber, "The value in the metric's unit."),)
_DISTRIBUTION: Final = (
    ("count", JsonNumber, "The number of observations."),
    ("sum", JsonNumber, "The sum of the observations, in the metric's unit."),
    ("buckets", dict[str, JsonNumber], "The number of observations up to each bound, in the metric's unit."),
)


@dataclass(frozen=True, slots=True)
class Models:
    """The response models of one service: of each endpoint, the summary, alerts and health."""

    summary: type[BaseModel]
    endpoints: Mapping[str, type[BaseModel]]
    alerts: type[BaseModel]
    health: type[BaseModel]

    @classmethod
    def of(cls, module: RegistryModule, *, signals: bool) -> Models:
        """Create the models of the module's components and metrics, and of its signals if `signals`."""
        maker = _Maker(module, signals=signals)
        endpoints = {name: maker.sections(name, module.shown(name)) for name in module.endpoints}
        return cls(
            summary=maker.sections("summary", module.endpoint_of),
            endpoints=endpoints,
            alerts=maker.alerts(),
            health=maker.health(),
        )


class _Maker:
    """A factory of one service's models, whose names start with the service's to be unique in the host."""

    def __init__(self, module: RegistryModule, *, signals: bool) -> None:
        self._module, self._signals = module, signals
        self._sections = {component: self._section(component) for component in module.endpoint_of}

    def sections(self, name: str, components: Iterable[str]) -> type[BaseModel]:
        """Return the model with these components; `summary` also has the signals without a component."""
        sections = self._model(
            f"{name}_sections",
            "Components, each with its signals and metrics.",
            ((each, self._sections[each], "") for each in components),
        )
        fields = [*self._signals_of(None)] if name == "summary" else []
        return self._answer(
            name, "This process's part of the service.", (*fields, ("sections", sections, ""))
        )

    def alerts(self) -> type[BaseModel]:
        """Return the model with every alert."""
        doc = "Every alert that this process can evaluate, in the spec's order."
        return self._answer("alerts", "Alerts on this process alone.", [("alerts", list[AlertModel], doc)])

    def health(self) -> type[BaseModel]:
        """Return the model with the verdict and the reasons for it."""
        severities = self._module.severities
        fields: list[tuple[str, Any, str]] = [
            ("verdict", _one_of(("ok", *severities)), _VERDICT),
            ("firing", list[str], "The alerts that are firing."),
            ("pending", list[str], "The alerts whose condition is met, but not yet for long enough to fire."),
            ("silent", list[str], "Signals without a value: no traffic, or too few samples yet."),
            ("scores", list[ScoreModel], "Scores, each with its losses."),
        ]
        return self._answer("health", "The health of this process.", fields)

    def _answer(self, name: str, doc: str, fields: _Fields) -> type[BaseModel]:
        return self._model(f"{name}_answer", doc, (*self._origin(), *fields), optional=_SIGNALS)

    def _origin(self) -> Iterator[tuple[str, Any, str]]:
        yield "service", _one_of((self._module.service,)), "The service's name."
        yield "context", str | None, "The context of the alerts and signals; null for base."
        yield "instance", str, "The host or instance that this process runs on."
        yield "pid", int, "The responding process; another process has other values."
        yield "time", float, "Time of the measurement, in seconds since 1970."

    def _section(self, component: str) -> type[BaseModel]:
        own = [metric for metric in self._module.metrics.values() if metric.component == component]
        metrics = self._model(
            f"{component}_metrics",
            "Metrics, each with its series; an empty list without values.",
            ((each.attribute, self._all_series(each), _sentences(each)) for each in own),
        )
        fault = ("fault", ReadFault | None, "The reason of a failed read; null if the component was read.")
        return self._model(
            f"{component}_section",
            f"The component `{component}`.",
            (*self._signals_of(component), fault, ("metrics", metrics, "")),
            optional=_SIGNALS,
        )

    def _signals_of(self, component: str | None) -> Iterator[tuple[str, Any, str]]:
        """Yield the field of a component's signals, or of those without a component if there are any."""
        own = {name: each for name, each in self._module.signals.items() if each["component"] == component}
        if self._signals and (own or component is not None):
            signals = self._model(
                "summary_signals" if component is None else f"{component}_section_signals",
                "Signals over this process alone.",
                ((name, _signal_model(each), str(each["title"])) for name, each in own.items()),
            )
            yield _SIGNALS, signals, "Left out if the request has `signals=false`."

    def _all_series(self, metric: DescribedMetric) -> Any:
        labels = self._model(
            f"{metric.attribute}_labels",
            "The labels of the series.",
            ((label, _text(values), "") for label, values in metric.labels.items()),
        )
        series = self._model(
            f"{metric.attribute}_series",
            f"A series of `{metric.name}`.",
            (("labels", labels, ""), *(_DISTRIBUTION if metric.type.PRESENT else _NUMBER)),
        )
        return list.__class_getitem__(series)

    def _model(self, name: str, doc: str, fields: _Fields, *, optional: str = "") -> type[BaseModel]:
        """Create a model; the `optional` field may be left out of a response.

        Keys are aliases, so that any word is allowed and hides no pydantic attribute.
        """
        made: dict[str, Any] = {
            f"field_{number}": (
                kind,
                Field(None if key == optional else ..., alias=key, description=description or None),
            )
            for number, (key, kind, description) in enumerate(fields)
        }
        words = re.split("[^A-Za-z0-9]+", f"{self._module.service}_{name}")
        title = "".join(word.capitalize() for word in words)
        return create_model(title, __base__=StrictModel, __module__=__name__, __doc__=doc, **made)


def _signal_model(data: Mapping[str, object]) -> type[BaseModel]:
    is_labelled = "open" in data or own_labels(cast("Iterable[str]", data["by"]))
    return LabelledSignalModel if is_labelled else SignalModel


def _text(values: tuple[str, ...] | None) -> Any:
    """Return the type of a label's values; any text for an open label."""
    return str if values is None else _one_of(values)


def _one_of(values: tuple[str, ...]) -> Any:
    """Return the Literal type of these texts."""
    return cast("Any", Literal)[values]


def _sentences(metric: DescribedMetric) -> str:
    """Return a metric's description: its help, type, unit and name in Prometheus."""
    return f"{metric.help} A {metric.type} in the unit `{metric.unit}`; in Prometheus `{metric.name}`."
