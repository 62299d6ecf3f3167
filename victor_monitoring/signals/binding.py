"""Binding: signals and alerts built from plain data, with their names resolved to metrics and signals.

A kind's parameters are parsed by the types of its fields, so that a new kind needs no code here.
"""

from __future__ import annotations

import dataclasses
import functools
from collections.abc import Callable, Mapping, Sequence
from fractions import Fraction
from typing import Any, Final, Protocol, TypeAlias, TypeVar, get_args, get_origin, get_type_hints

from victor_monitoring.promql.prometheus_version import parse_version
from victor_monitoring.promql.reader import read
from victor_monitoring.promql.tree import vectors
from victor_monitoring.signals.alert import GUARD_SENSES, AlertRule, Guard, GuardSense
from victor_monitoring.signals.expression import Expression, NamedSeries, WrittenExpression
from victor_monitoring.signals.kinds import KINDS
from victor_monitoring.signals.metric import Label, Metric, Selector
from victor_monitoring.signals.metric_types import METRIC_TYPES
from victor_monitoring.signals.quantity import Condition, Quantity, parse_condition, parse_quantity
from victor_monitoring.signals.select import Select
from victor_monitoring.signals.selector import parse_selector
from victor_monitoring.signals.signal import At, Signal, SignalKind
from victor_monitoring.signals.template import parse_template
from victor_monitoring.signals.units import unit_of

_Kind = TypeVar("_Kind", bound=SignalKind)
# The parser of one parameter: it gets the parameter as written, and its path below the kind.
Reader: TypeAlias = Callable[[Any, At], Any]
Readers: TypeAlias = Mapping[object, Reader]


class Unbound(Exception):
    """A parameter names a metric or signal that does not exist."""


class RegistryData(Protocol):
    """The plain data of a registry module; durations are milliseconds."""

    PREFIX: str
    SCOPE: tuple[str, ...]
    SCRAPE: int
    EVALUATE: int
    METRICS: Mapping[str, Mapping[str, Any]]
    SIGNALS: Mapping[str, Mapping[str, Any]]
    ALERTS: Mapping[str, Mapping[str, Any]]


@dataclasses.dataclass(frozen=True, slots=True)
class Bound:
    """The metrics, signals and alerts of a registry module, by name, in the order of the module."""

    metrics: Mapping[str, Metric]
    signals: Mapping[str, Signal]
    alerts: Mapping[str, AlertRule]


def bind(data: RegistryData) -> Bound:
    """Return the metrics, signals and alerts that the registry module was rendered from."""
    signals = _Signals(data)
    bound = {name: signals.signal(name) for name in data.SIGNALS}
    alerts = {name: _alert(name, written, bound, data.EVALUATE) for name, written in data.ALERTS.items()}
    return Bound(signals.metrics, bound, alerts)


def bind_kind(kind: type[_Kind], parameters: object, readers: Readers) -> _Kind:
    """Create a kind from its parameters: a mapping, or an object with the parameters as attributes.

    A list, or raw PromQL, is the kind's `unnamed_parameter`. `readers` maps types of fields to their parsers.
    Every parameter is parsed before an Unbound of any parser is raised again.
    """
    unnamed = unnamed_parameter(kind)
    if isinstance(parameters, list | WrittenExpression):
        parameters = {unnamed: parameters}
    bound: _Kind = _bind_fields(kind, parameters, readers, (), unnamed)
    return bound


def unnamed_parameter(kind: type[SignalKind]) -> str | None:
    """Return the parameter that the spec writes without its name: the kind's only one, a list or PromQL."""
    (name, *others) = (field.name for field in dataclasses.fields(kind))  # type: ignore[arg-type]  # every kind is a dataclass
    hint = _hints(kind)[name]
    return name if not others and (get_origin(hint) is tuple or hint is Expression) else None


def _bind_fields(shape: Any, parameters: object, readers: Readers, at: At, unnamed: str | None = None) -> Any:
    hints = _hints(shape)
    bound: dict[str, Any] = {}
    unbound: Unbound | None = None
    for field in dataclasses.fields(shape):
        if isinstance(parameters, Mapping):
            written = parameters.get(field.name, field.default)
        else:
            written = getattr(parameters, field.name)
        here = at if field.name == unnamed else (*at, field.name)
        try:
            bound[field.name] = _bind_value(hints[field.name], written, readers, here)
        except Unbound as error:
            unbound = error
    if unbound is not None:
        raise unbound
    return shape(**bound)


@functools.cache
def _hints(shape: type) -> Mapping[str, Any]:
    """Return the types of the fields; finding them takes as long as all else that binding does."""
    return get_type_hints(shape)


def _bind_value(hint: Any, written: Any, readers: Readers, at: At) -> Any:
    if hint in readers:
        return readers[hint](written, at)
    if type(None) in get_args(hint):
        return None if written is None else _bind_value(get_args(hint)[0], written, readers, at)
    if get_origin(hint) is tuple:
        each_hint = get_args(hint)[0]
        return tuple(_bind_value(each_hint, each, readers, (*at, i)) for i, each in enumerate(written))
    return _bind_fields(hint, written, readers, at) if dataclasses.is_dataclass(hint) else written


class _Signals:
    """The signals of a registry module; each is bound once."""

    def __init__(self, data: RegistryData) -> None:
        self._data = data
        version: str | None = getattr(data, "PROMETHEUS", None)  # only if the spec gives it
        self._prometheus = parse_version(version) if version else None
        self._signals: dict[str, Signal] = {}
        self.metrics = {name: _metric(name, written) for name, written in data.METRICS.items()}
        self._series = {
            name: each for metric in self.metrics.values() for name, each in metric.series().items()
        }
        self._exposed = {name: each for each in self.metrics.values() for name in each.series_names}
        self._readers: Final[Readers] = {
            Selector: lambda text, _: self._selector(text),
            Signal: lambda name, _: self.signal(name),
            Quantity: lambda text, _: parse_quantity(text),
            Condition: lambda text, _: parse_condition(text),
            Fraction: lambda number, _: Fraction(str(number)),
            Expression: lambda written, _: self._expression(**written),
        }

    def signal(self, name: str) -> Signal:
        if name not in self._signals:
            data = self._data.SIGNALS[name]
            self._signals[name] = Signal(
                name=name,
                title=data["title"],
                unit=unit_of(data["unit"]),
                kind=bind_kind(KINDS[data["kind"]], data["parameters"], self._readers),
                select=Select.of(data["select"]),
                scope=self._data.SCOPE,
                by=data["by"],
                window=data["window"],
                scrape=self._data.SCRAPE,
                prefix=self._data.PREFIX,
                recorded=data["recorded"],
                own_record=data.get("record"),
            )
        return self._signals[name]

    def _expression(self, promql: str, parts: Sequence[str] = ()) -> Expression:
        """Return PromQL that has the select of its metrics already; each part is the name of a signal."""
        tree = read(promql, self._prometheus)
        named = (each for each in vectors(tree) if each.metric in self._exposed)
        series = (NamedSeries.of(each, self._exposed[each.metric]) for each in named)
        return Expression(tree, tuple(series), tuple(map(self.signal, parts)), promql)

    def _selector(self, text: str) -> Selector:
        written = parse_selector(text)
        return Selector(self._series[written.metric.text], tuple(each.matcher for each in written.matchers))


def _metric(name: str, written: Mapping[str, Any]) -> Metric:
    labels = (
        Label(label, None, values["limit"]) if isinstance(values, Mapping) else Label(label, values)
        for label, values in written["labels"].items()
    )
    low, high = (Fraction(str(each)) for each in written["range"]) if "range" in written else (None, None)
    return Metric(
        name=name,
        type=METRIC_TYPES[written["type"]],
        unit=unit_of(written["unit"]),
        help=written["help"],
        labels=tuple(labels),
        buckets=tuple(Fraction(str(bound)) for bound in written.get("buckets", ())),
        merge=written.get("merge"),
        low=low,
        high=high,
    )


def _alert(name: str, written: Mapping[str, Any], signals: Mapping[str, Signal], evaluate: int) -> AlertRule:
    signal = signals[written["signal"]]
    return AlertRule(
        id=name,
        name=written.get("name") or name,
        group=written["group"],
        signal=signal,
        condition=signal.condition(parse_condition(written["when"])),
        guards=tuple(
            _guard(sense, each, signals) for sense in GUARD_SENSES for each in _listed(written.get(sense))
        ),
        pending=written["for"],
        keep_firing=written["keep_firing_for"],
        severity=written["severity"],
        component=written["component"],
        labels=tuple(written["labels"].items()),
        summary=None if written["summary"] is None else parse_template(written["summary"]),
        runbook=written["runbook"],
        evaluate=written.get("evaluate") or evaluate,
        annotations=tuple(written.get("annotations", {}).items()),
    )


def _listed(written: Any) -> Sequence[Any]:
    """Return the items of a key that has none, one or a list of them."""
    if written is None:
        return ()
    return (written,) if isinstance(written, Mapping) else written


def _guard(sense: GuardSense, written: Mapping[str, Any], signals: Mapping[str, Signal]) -> Guard:
    signal = signals[written["signal"]]
    return Guard(sense, signal, signal.condition(parse_condition(written["when"])))
