"""Signals, resolved: selectors are bound to their metrics, parts of a score to their signals."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping

from victor_monitoring.language.model import spec as written
from victor_monitoring.language.model.patterns import CIRCULAR_SIGNAL
from victor_monitoring.language.model.signals import Signal as WrittenSignal
from victor_monitoring.language.resolved.spec import SelectorUse, Service, UnknownName
from victor_monitoring.language.resolved.time_scale import TimeScale
from victor_monitoring.language.syntax.finding import Finding
from victor_monitoring.language.syntax.tree import Path
from victor_monitoring.promql.tree import Matcher
from victor_monitoring.signals.binding import Readers, Unbound, bind_kind
from victor_monitoring.signals.metric import Metric, Selector
from victor_monitoring.signals.quantity import Condition, Quantity
from victor_monitoring.signals.selector import WrittenSelector
from victor_monitoring.signals.signal import Signal, SignalKind


class SignalResolver:
    """Resolves the signals of one spec; collects selector uses, undefined names and findings."""

    def __init__(
        self,
        spec: written.Spec,
        service: Service,
        series: Mapping[str, tuple[Metric, tuple[Matcher, ...]]],
        scale: TimeScale,
    ) -> None:
        self._spec, self._service, self._series, self._scale = spec, service, series, scale
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
        }
        try:
            kind = bind_kind(kind_type, parameters, readers)
        except Unbound:
            return None  # the undefined names are already in `unknown`
        bare = Signal(
            name=name,
            title=signal.title,
            unit=signal.unit,
            kind=kind,
            select=self._select_of(kind),
            scope=self._service.scope,
            by=tuple(dict.fromkeys(signal.by)),
            window=self._scale(self._spec.defaults.window if signal.window is None else signal.window),
            scrape=self._scale(self._spec.defaults.scrape_every),
            prefix=self._service.prefix,
        )
        has_parts = len(kind.recordings(bare)) > 1  # recorded series that the last rule reads
        is_recorded = has_parts or (name in self._used and kind.operation(bare) is not None)
        return dataclasses.replace(bare, recorded=is_recorded)

    def _selector(self, selector: WrittenSelector, path: Path) -> Selector:
        found = self._series.get(selector.metric.text)
        if found is None:
            self.unknown.append(UnknownName("metric", selector.metric.text, path, selector.metric.part))
            raise Unbound
        bound = Selector(found[0], tuple(each.matcher for each in selector.matchers))
        self.reads.append(SelectorUse(path, selector, bound))
        return bound

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

    def _select_of(self, kind: SignalKind) -> tuple[Matcher, ...]:
        """Return the select of the first metric that is read, or of the first part."""
        for reading in kind.readings():
            return self._series[reading.selector.metric.name][1]
        for _, part in kind.parts():
            return part.select
        return self._service.select


def _unchanged(value: object, _: object) -> object:
    """Return a value that the model has already parsed."""
    return value


def _used_signals(spec: written.Spec) -> set[str]:
    """Return the names of the signals that an alert, a guard or a score uses."""
    used: set[str] = set()
    for group in spec.alerts.values():
        for alert in (group or {}).values():
            used.add(alert.signal)
            if alert.only_if:
                used.add(alert.only_if.signal)
    for signal in spec.signals.values():
        _, parameters = signal.kind()
        if isinstance(parameters, list):  # parts of a score
            used.update(part.signal for part in parameters)
    return used
