"""Signals, resolved: selectors are bound to their metrics, parts of a score to their signals."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from typing import TypeAlias

from victor_monitoring.language.model import spec as written
from victor_monitoring.language.model.patterns import BAD_EXPRESSION, CIRCULAR_SIGNAL
from victor_monitoring.language.model.signals import Signal as WrittenSignal
from victor_monitoring.language.resolved.spec import SelectorUse, Service, UnknownName
from victor_monitoring.language.resolved.time_scale import TimeScale
from victor_monitoring.language.syntax.finding import Finding
from victor_monitoring.language.syntax.tree import Path
from victor_monitoring.promql.lexer import PromqlError
from victor_monitoring.promql.reader import read as read_expression
from victor_monitoring.promql.signatures import SCALAR, VECTOR
from victor_monitoring.promql.tree import Span, Vector, vectors
from victor_monitoring.promql.types import FOLD, type_of
from victor_monitoring.signals.alert import GUARD_SENSES
from victor_monitoring.signals.binding import Readers, Unbound, bind_kind
from victor_monitoring.signals.expression import (
    Expression,
    NamedSeries,
    WrittenExpression,
    selecting,
    with_durations,
)
from victor_monitoring.signals.kinds.expr import RawExpression
from victor_monitoring.signals.metric import Metric, Selector
from victor_monitoring.signals.quantity import Condition, Quantity
from victor_monitoring.signals.select import Select
from victor_monitoring.signals.selector import WrittenSelector, written_selector
from victor_monitoring.signals.signal import Signal, SignalKind

# A metric, and the target labels by which it is selected.
SelectedMetric: TypeAlias = tuple[Metric, Select]


class SignalResolver:
    """Resolves the signals of one spec; collects selector uses, undefined names and findings.

    `series` are the metrics that kinds can read, `exposed` those of all series, by name.
    """

    def __init__(
        self,
        spec: written.Spec,
        service: Service,
        series: Mapping[str, SelectedMetric],
        exposed: Mapping[str, SelectedMetric],
        scale: TimeScale,
    ) -> None:
        self._spec, self._service, self._scale = spec, service, scale
        self._series, self._exposed = series, exposed
        self._records = {each.record: name for name, each in spec.signals.items() if each.record}
        self._used = _used_signals(spec)
        self._signals: dict[str, Signal | None] = {}
        self._open: list[str] = []
        self.reads: list[SelectorUse] = []
        self.unknown: list[UnknownName] = []
        self.findings: list[Finding] = []

    def all(self) -> dict[str, Signal]:
        """Return every signal that can be resolved, in the order of the spec."""
        found = {name: self._resolve(name) for name in self._spec.signals}
        return {name: signal for name, signal in found.items() if signal is not None}

    def _resolve(self, name: str) -> Signal | None:
        if name not in self._signals:
            self._open.append(name)
            self._signals[name] = self._build(name, self._spec.signals[name])
            self._open.pop()
        return self._signals[name]

    def _build(self, name: str, signal: WrittenSignal) -> Signal | None:
        kind_type, parameters = signal.kind()
        path: Path = ("signals", name, kind_type.NAME)
        readers: Readers = {
            Selector: lambda selector, at: self._selector(selector, (*path, *at)),
            Signal: lambda part, at: self._part(part, (*path, *at)),
            Quantity: _unchanged,
            Condition: _unchanged,
            Expression: lambda promql, at: self._expression(promql, (*path, *at)),
        }
        try:
            kind = bind_kind(kind_type, parameters, readers)
        except Unbound:
            return None  # the undefined names are already in `unknown`
        window = self._scale(self._spec.defaults.window if signal.window is None else signal.window)
        bare = Signal(
            name=name,
            title=signal.title or name.replace("_", " ").capitalize(),
            unit=signal.unit,
            kind=kind,
            select=self._select_of(kind),
            scope=self._service.scope,
            by=tuple(dict.fromkeys(signal.by)),
            window=kind.window() or window,
            scrape=self._scale(self._spec.defaults.scrape_every),
            prefix=self._service.prefix,
            own_record=signal.record,
        )
        has_parts = len(kind.recordings(bare)) > 1  # recorded series that the last rule reads
        is_named = name in self._used and kind.operation(bare) is not None and bool(bare.select)
        by = bare.by or kind.own_labels(bare)
        return dataclasses.replace(bare, by=by, recorded=bool(has_parts or is_named or signal.record))

    def _selector(self, selector: WrittenSelector, path: Path) -> Selector:
        found = self._series.get(selector.metric.text)
        if found is None:
            self.unknown.append(UnknownName("metric", selector.metric.text, path, selector.metric.part))
            raise Unbound
        bound = Selector(found[0], tuple(each.matcher for each in selector.matchers))
        self.reads.append(SelectorUse(path, selector, bound))
        return bound

    def _expression(self, promql: WrittenExpression, path: Path) -> Expression:
        """Return raw PromQL in the time scale, with the select of each metric that it reads."""
        try:
            read = read_expression(promql, self._service.prometheus)
        except PromqlError as error:
            self._refuse(path, error.message, error.hint, error.part)
            raise Unbound from None
        if (found := type_of(read)) != VECTOR:
            hint = "make it a vector: `vector(..)`" if found == SCALAR else FOLD
            self._refuse(path, f"a signal is an {VECTOR}, and this is a {found}", hint, None)
            raise Unbound
        selectors = [each for each in vectors(read) if each.metric not in self._records]
        series = [self._named_series(promql, each, path) for each in selectors]
        tree = selecting(with_durations(read, self._scale), self._select_for)
        recorded = dict.fromkeys(each.metric for each in vectors(read) if each.metric in self._records)
        parts = tuple(self._part(self._records[each], path) for each in recorded)
        named = tuple(each for each in series if each is not None)
        if len(named) < len(series):
            raise Unbound
        return Expression(tree, named, parts, promql)

    def _named_series(self, promql: str, vector: Vector, path: Path) -> NamedSeries | None:
        """Return the series of a metric that a selector names; None if there is no such metric."""
        if not vector.metric:
            hint = "name the metric: a selector without a name reads series of which nothing is known"
            self._refuse(path, "the selector names no metric", hint, vector.span)
            return None
        written = written_selector(promql, vector)
        if vector.metric not in self._exposed:
            self.unknown.append(UnknownName("metric", vector.metric, path, written.metric.part))
            return None
        named = NamedSeries.of(vector, self._exposed[vector.metric][0])
        self.reads.append(SelectorUse(path, written, named.selector))
        return named

    def _select_for(self, vector: Vector) -> Select:
        return self._exposed[vector.metric][1] if vector.metric in self._exposed else Select()

    def _refuse(self, path: Path, message: str, hint: str, part: Span | None) -> None:
        self.findings.append(Finding(path, message, hint, part, pattern=BAD_EXPRESSION))

    def _part(self, name: str, path: Path) -> Signal:
        if name not in self._spec.signals:
            self.unknown.append(UnknownName("signal", name, path))
            raise Unbound
        if name in self._open:
            message, hint = f"`{name}` is a part of itself", "make the score of other signals"
            self.findings.append(Finding(path, message, hint, pattern=CIRCULAR_SIGNAL))
            raise Unbound
        part = self._resolve(name)
        if part is None:
            raise Unbound
        return part

    def _select_of(self, kind: SignalKind) -> Select:
        """Return the select of the first metric or part that is read; of raw PromQL what all share."""
        selects = [self._exposed[name][1] for each in kind.readings() for name in each.read_names]
        selects += [part.select for _, part in kind.parts()]
        if not selects:
            return self._service.select
        first, *others = selects if isinstance(kind, RawExpression) else selects[:1]
        return Select(tuple(each for each in first if all(each in other for other in others)))


def _unchanged(value: object, _: object) -> object:
    """Return a value that the model has already parsed."""
    return value


def _used_signals(spec: written.Spec) -> set[str]:
    """Return the names of the signals that an alert, a guard or a score uses."""
    used: set[str] = set()
    for group in spec.alerts.values():
        for alert in (group or {}).values():
            used.add(alert.signal)
            used.update(guard.signal for sense in GUARD_SENSES for _, guard in alert.guards(sense))
    for signal in spec.signals.values():
        _, parameters = signal.kind()
        if isinstance(parameters, list):  # parts of a score
            used.update(part.signal for part in parameters)
    return used
