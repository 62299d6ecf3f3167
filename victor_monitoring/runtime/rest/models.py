"""What the answers look like, made from a registry module: it is what OpenAPI documents."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final, Literal, TypeAlias, cast

from pydantic import BaseModel, Field, create_model

from victor_monitoring.runtime.reads import ReadFault
from victor_monitoring.runtime.registry_module import DescribedMetric, RegistryModule
from victor_monitoring.runtime.rest.judged import AlertModel, JsonNumber, ScoreModel, SignalModel, StrictModel

# A field's key in the answer, its type and what is said of it.
_Fields: TypeAlias = Iterable[tuple[str, Any, str]]

_VERDICT: Final = (
    "The worst severity that fires. `ok` where none does, which says nothing of `silent` signals."
)
_NUMBER: Final = (("value", JsonNumber, "In the metric's unit."),)
_DISTRIBUTION: Final = (
    ("count", JsonNumber, "How many were observed."),
    ("sum", JsonNumber, "The sum of what was observed, in the metric's unit."),
    ("buckets", dict[str, JsonNumber], "How many were at most so much, in the metric's unit."),
)


@dataclass(frozen=True, slots=True)
class Models:
    """The answers about one service: of each endpoint, of all components, and of what is judged."""

    summary: type[BaseModel]
    endpoints: Mapping[str, type[BaseModel]]
    alerts: type[BaseModel]
    health: type[BaseModel]

    @classmethod
    def of(cls, module: RegistryModule, *, signals: bool) -> Models:
        """The models of the module's components and metrics; of its signals, too, where they are told."""
        maker = _Maker(module, signals=signals)
        endpoints = {name: maker.sections(name, shown) for name, shown in module.endpoints.items()}
        return cls(
            summary=maker.sections("summary", module.endpoint_of),
            endpoints=endpoints,
            alerts=maker.alerts(),
            health=maker.health(),
        )


class _Maker:
    """Makes the models of one service. Their names begin with its own: those of its host stay as they are."""

    def __init__(self, module: RegistryModule, *, signals: bool) -> None:
        self._module, self._signals = module, signals
        self._sections = {component: self._section(component) for component in module.endpoint_of}

    def sections(self, name: str, components: Iterable[str]) -> type[BaseModel]:
        """The answer that shows these components, `summary` all of them and what belongs to none."""
        shown = tuple(components)
        sections = self._model(
            f"{name}_sections",
            "Components, each with its metrics.",
            ((each, self._sections[each], "") for each in shown),
        )
        fields: list[tuple[str, Any, str]] = [("sections", sections, "")]
        if self._signals:
            of_none = (None,) if name == "summary" else ()
            told = self._model(
                f"{name}_signals",
                "Signals, as far as this process can tell.",
                (
                    (signal, SignalModel, f"{data['title']}, in the unit `{data['unit']}`.")
                    for signal, data in self._module.signals.items()
                    if data["component"] in (*shown, *of_none)
                ),
            )
            fields.append(("signals", told | None, "Null where they were not asked for."))
        return self._answer(name, "This process's part of the service.", fields)

    def alerts(self) -> type[BaseModel]:
        """The answer that shows every alert."""
        said = "Every alert that this process can tell, in the spec's order."
        return self._answer("alerts", "Alerts on this process alone.", [("alerts", list[AlertModel], said)])

    def health(self) -> type[BaseModel]:
        """The answer that sums all up."""
        severities = self._module.severities
        fields: list[tuple[str, Any, str]] = [
            ("verdict", _one_of(("ok", *severities)), _VERDICT),
            ("firing", list[str], "The alerts that fire."),
            ("pending", list[str], "The alerts whose condition is met, but not for long enough."),
            ("silent", list[str], "Signals without a value: nothing happens, or too little was sampled yet."),
            ("scores", list[ScoreModel], "Scores, each with what drags it down."),
        ]
        return self._answer("health", "How well this process is.", fields)

    def _answer(self, name: str, doc: str, fields: _Fields) -> type[BaseModel]:
        return self._model(f"{name}_answer", doc, (*self._origin(), *fields))

    def _origin(self) -> Iterator[tuple[str, Any, str]]:
        yield "service", _one_of((self._module.service,)), "The service's name."
        yield "context", str | None, "The context by which alerts and signals are told; null for base."
        yield "instance", str, "Where this process runs."
        yield "pid", int, "The process that answers; another one measures another part of the service."
        yield "time", float, "When it was measured, in seconds since 1970."

    def _section(self, component: str) -> type[BaseModel]:
        own = [metric for metric in self._module.metrics.values() if metric.component == component]
        metrics = self._model(
            f"{component}_metrics",
            "Metrics, each with its series; none where nothing is known.",
            ((each.attribute, self._all_series(each), _sentences(each)) for each in own),
        )
        fault = ("fault", ReadFault | None, "Why the component could not be read; null where it could.")
        return self._model(
            f"{component}_section", f"The component `{component}`.", (fault, ("metrics", metrics, ""))
        )

    def _all_series(self, metric: DescribedMetric) -> Any:
        labels = self._model(
            f"{metric.attribute}_labels",
            "What tells the series apart.",
            ((label, _text(values), "") for label, values in metric.labels.items()),
        )
        series = self._model(
            f"{metric.attribute}_series",
            f"A series of `{metric.name}`.",
            (("labels", labels, ""), *(_DISTRIBUTION if metric.type == "histogram" else _NUMBER)),
        )
        return list.__class_getitem__(series)

    def _model(self, name: str, doc: str, fields: _Fields) -> type[BaseModel]:
        """A model whose keys can be any word: they are aliases, and hide no attribute of pydantic's."""
        made: dict[str, Any] = {
            f"field_{number}": (kind, Field(alias=key, description=said or None))
            for number, (key, kind, said) in enumerate(fields)
        }
        words = re.split("[^A-Za-z0-9]+", f"{self._module.service}_{name}")
        title = "".join(word.capitalize() for word in words)
        return create_model(title, __base__=StrictModel, __module__=__name__, __doc__=doc, **made)


def _text(values: tuple[str, ...] | None) -> Any:
    """The type of a label's values: any text where its set is open."""
    return str if values is None else _one_of(values)


def _one_of(values: tuple[str, ...]) -> Any:
    """The type of these texts and no other."""
    return cast("Any", Literal)[values]


def _sentences(metric: DescribedMetric) -> str:
    """What a metric is, its unit and its name in Prometheus."""
    return f"{metric.help} A {metric.type} in the unit `{metric.unit}`; in Prometheus `{metric.name}`."
